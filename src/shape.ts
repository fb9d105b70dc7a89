/**
 * Checks a document, or a part of one. Returns null if the value fits; otherwise says where it doesn't, and
 * what belongs there. It never quotes the value, and never repairs it.
 */
export interface Shape<T> {
  (value: unknown): string | null
  /** The type of values that fit; it exists for the compiler only. */
  readonly fitting?: T
}

/** The values that fit a shape. */
export type Fitting<S> = S extends Shape<infer T> ? T : never

/** True for a value that fits. */
export function fits<T> (shape: Shape<T>, value: unknown): value is T {
  return shape(value) === null
}

/** The message for a document that doesn't fit. */
export function misfitOf (shape: Shape<unknown>, document: unknown): string {
  return `the document does not fit its schema: document${shape(document)}`
}

type Shapes = Readonly<Record<string, Shape<unknown>>>

/** An object with these properties, some of them optional, and no other. */
export function record<Required extends Shapes, Optional extends Shapes = {}> (
  required: Required, optional?: Optional
): Shape<
  { readonly [Name in keyof Required]: Fitting<Required[Name]> } &
  { readonly [Name in keyof Optional]?: Fitting<Optional[Name]> }
> {
  const [always, sometimes] = [Object.entries(required), Object.entries(optional ?? {})]
  return value => {
    if (!isObject(value)) return ' must be object'
    for (const [name, shape] of always) {
      const misfit = shape(Object.hasOwn(value, name) ? value[name] : undefined)
      if (misfit !== null) return `/${name}${misfit}`
    }
    let known = always.length
    for (const [name, shape] of sometimes) {
      if (!Object.hasOwn(value, name)) continue
      known++
      const misfit = shape(value[name])
      if (misfit !== null) return `/${name}${misfit}`
    }
    return Object.keys(value).length === known ? null : ' must have no other properties'
  }
}

/** An object of up to `most` properties with any names, all of one shape. */
export function dictionary<T> (shape: Shape<T>, most: number): Shape<Readonly<Record<string, T>>> {
  return value => {
    if (!isObject(value)) return ' must be object'
    const parts = Object.values(value)
    if (parts.length > most) return ` must have no more than ${most} properties`
    return parts.map(shape).find(misfit => misfit !== null) ?? null
  }
}

/** One of several records, chosen by the property `name`. */
export function either<Shapes extends Readonly<Record<string, Shape<unknown>>>> (
  name: string, shapes: Shapes
): Shape<Fitting<Shapes[keyof Shapes]>> {
  const byName = new Map<unknown, Shape<unknown>>(Object.entries(shapes))
  return value => {
    if (!isObject(value)) return ' must be object'
    const shape = byName.get(value[name])
    return shape === undefined ? `/${name} must be one of ${[...byName.keys()].join(', ')}` : shape(value)
  }
}

/** An array of up to `most` items of one shape. */
export function list<T> (shape: Shape<T>, most: number): Shape<readonly T[]> {
  return value => {
    if (!Array.isArray(value)) return ' must be array'
    if (value.length > most) return ` must have no more than ${most} items`
    for (let place = 0; place < value.length; place++) {
      const misfit = shape(value[place])
      if (misfit !== null) return `/${place}${misfit}`
    }
    return null
  }
}

/** A value of this shape, or null. */
export function orNull<T> (shape: Shape<T>): Shape<T | null> {
  return value => value === null ? null : shape(value)
}

/** A whole number in a range. */
export function integer (least: number, most: number): Shape<number> {
  return value => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? null
    : ` must be integer from ${least} to ${most}`
}

/** A string that matches the pattern. `expected` replaces the pattern in messages that users see. */
export function text (pattern?: RegExp, expected = `match pattern ${pattern?.source}`): Shape<string> {
  return value => {
    if (typeof value !== 'string') return ' must be string'
    return pattern === undefined || pattern.test(value) ? null : ` must ${expected}`
  }
}

/** One of these values. */
export function oneOf<const Values extends ReadonlyArray<string | number | boolean>> (
  ...values: Values
): Shape<Values[number]> {
  const known: readonly unknown[] = values
  return value => known.includes(value) ? null : ` must be one of ${values.join(', ')}`
}

function isObject (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
