/** The first place where two values differ. */
export interface Difference {
  /** Such as `content[3].name`; empty for the values themselves. */
  readonly path: string
  readonly written: unknown
  readonly read: unknown
}

/** Finds the first property that differs, as deep inside as possible. */
export function firstDifference (written: unknown, read: unknown, path = ''): Difference | null {
  const both = membersOf(written) !== null && membersOf(written) === membersOf(read)
  if (!both) return Object.is(written, read) ? null : { path, written, read }
  const [ours, theirs] = [Object(written), Object(read)]
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const inner = firstDifference(own(ours, name), own(theirs, name), path + stepTo(name, written, path))
    if (inner !== null) return inner
  }
  return null
}

function membersOf (value: unknown): 'list' | 'object' | null {
  if (typeof value !== 'object' || value === null) return null
  return Array.isArray(value) ? 'list' : 'object'
}

function stepTo (name: string, owner: unknown, path: string): string {
  if (Array.isArray(owner)) return `[${name}]`
  if (!/^\w+$/.test(name)) return `[${JSON.stringify(name)}]`
  return path === '' ? name : `.${name}`
}

function own (owner: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value
}
