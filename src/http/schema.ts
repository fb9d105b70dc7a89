import { oneOf, record, text, type Shape } from '../shape.js'
import { MalformedError } from '../errors.js'
import { ownOnly } from '../own-property.js'

/** The part of JSON Schema that the endpoints use. `Value` is the type of values that fit. */
export interface Schema<Value = unknown> {
  readonly type?: string
  readonly description?: string
  readonly pattern?: string
  readonly const?: string | boolean
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly fitting?: Value
}

/** The values that fit a schema. */
export type Valid<S> = S extends Schema<infer Value> ? Value : never

/**
 * Makes a parser for one part of a request. It returns a value that fits the schema, and throws
 * `MalformedError` for any other value. It coerces nothing: a code sent as a number is refused.
 */
export function parserOf<S extends Schema> (part: string, schema: S): (value: unknown) => Valid<S> {
  const shape = shapeOf(schema)
  const isValid = (value: unknown): value is Valid<S> => shape(value) === null
  return value => {
    if (isValid(value)) return typeof value === 'object' && value !== null ? ownOnly(value) : value
    throw new MalformedError(`${part}${shape(value)}`)
  }
}

/** Turns a schema into a check. Throws for a keyword it doesn't know, because it must not ignore one. */
function shapeOf (schema: Schema): Shape<unknown> {
  const { type, description, pattern, anyOf, properties = {}, required = [] } = ownOnly(schema)
  const isOnly = (...keywords: string[]) =>
    Object.keys(schema).every(keyword => keyword === 'description' || keywords.includes(keyword))

  if (anyOf !== undefined && isOnly('anyOf')) return oneOf(...anyOf.map(constantOf))
  if (type === 'string' && isOnly('type', 'pattern')) {
    return pattern === undefined ? text() : text(new RegExp(pattern, 'u'), description && `be ${description}`)
  }
  if (type === 'boolean' && isOnly('type')) return oneOf(true, false)
  const isStrict = isOnly('type', 'properties', 'required', 'additionalProperties') &&
    schema.additionalProperties === false
  if (type === 'object' && isStrict) {
    const shapes = Object.entries(properties).map(([name, part]) => [name, shapeOf(part)] as const)
    const shapesOf = (wanted: boolean) =>
      Object.fromEntries(shapes.filter(([name]) => required.includes(name) === wanted))
    return record(shapesOf(true), shapesOf(false))
  }
  throw new TypeError(`there is no check for a schema with ${Object.keys(schema).join(', ')}`)
}

function constantOf (schema: Schema): string | boolean {
  if (schema.const !== undefined) return schema.const
  throw new TypeError('there is no check for "anyOf" with anything but constants')
}
