import { atOnce } from '../../at-once.js'
import type { Form } from './form.js'
import { integer, type Reader } from './parameters.js'
import { NotFound } from './refusal.js'

/** A list, of which a page is asked for. */
export interface Listed<Item> {
  /** Under which name the items are in the answer. */
  readonly key: string
  /** What tells the place of an item in the list; another item may have gone from beside it. */
  readonly anchor: (item: Item) => string
  /** Up to so many items from the beginning, or behind an anchor. */
  readonly after: (anchor: string | null, limit: number) => Promise<Item[]>
  /** Up to so many items, the last ones in front of an anchor. */
  readonly before: (anchor: string, limit: number) => Promise<Item[]>
  /** The item as it is shown. */
  readonly shown: (item: Item) => object
}

const SIZE = 50
const LARGEST_SIZE = 1000
const HIGHEST_PAGE = 999_999_999
/** Documents of a page that are read at once. */
const READS = 8

interface Token {
  readonly direction: 'after' | 'before'
  readonly anchor: string
}

const size = integer(1, LARGEST_SIZE)
const number = integer(0, HIGHEST_PAGE)

/** The page that the query asks for; `filters` are the parameters that its URLs have to repeat. */
export async function page<Item> (
  list: Listed<Item>, url: string, query: Form, filters: readonly string[] = []
): Promise<object> {
  const pageSize = size(query, 'PageSize') ?? SIZE
  const current = number(query, 'Page') ?? 0
  const token = pageToken(list.key)(query, 'PageToken') ?? null
  const { items, hasNext, hasPrevious } = await slice(list, token, pageSize)
  const [first, last] = [items.at(0), items.at(-1)]

  return {
    [list.key]: items.map(list.shown),
    meta: {
      page: current,
      page_size: pageSize,
      first_page_url: urlOf(0, null),
      previous_page_url: hasPrevious && first !== undefined
        ? urlOf(Math.max(0, current - 1), { direction: 'before', anchor: list.anchor(first) })
        : null,
      url: urlOf(current, token),
      next_page_url: hasNext && last !== undefined
        ? urlOf(Math.min(HIGHEST_PAGE, current + 1), { direction: 'after', anchor: list.anchor(last) })
        : null,
      key: list.key
    }
  }

  function urlOf (page: number, token: Token | null): string {
    const parameters = new URLSearchParams()
    for (const name of filters) query.all(name).forEach(value => parameters.append(name, value))
    parameters.append('PageSize', String(pageSize))
    parameters.append('Page', String(page))
    if (token !== null) parameters.append('PageToken', tokenText(list.key, token))
    return `${url}?${parameters}`
  }
}

interface Slice<Item> {
  readonly items: readonly Item[]
  readonly hasNext: boolean
  readonly hasPrevious: boolean
}

/** One item more than asked for tells whether the list goes on. */
async function slice<Item> (list: Listed<Item>, token: Token | null, limit: number): Promise<Slice<Item>> {
  if (token?.direction === 'before') {
    const items = await list.before(token.anchor, limit + 1)
    if (items.length === 0) return await slice(list, null, limit)
    return { items: items.slice(-limit), hasNext: true, hasPrevious: items.length > limit }
  }
  const items = await list.after(token?.anchor ?? null, limit + 1)
  return { items: items.slice(0, limit), hasNext: items.length > limit, hasPrevious: token !== null }
}

/**
 * Opaque to clients: `PT` for what comes behind an anchor, `PB` for what comes in front of it. It names the
 * list too: that of another kind would end this one early, and nobody would know.
 */
function tokenText (key: string, { direction, anchor }: Token): string {
  return `${direction === 'after' ? 'PT' : 'PB'}${Buffer.from(`${key}:${anchor}`).toString('base64url')}`
}

function pageToken (key: string): Reader<Token> {
  return (query, name) => {
    const text = query.one(name)
    if (text === undefined) return undefined
    const [, direction, encoded = ''] = /^P([TB])([A-Za-z0-9_-]+)$/.exec(text) ?? []
    const [, list, anchor = ''] = /^([a-z]+):([A-Za-z0-9-]{1,64})$/.exec(Buffer.from(encoded, 'base64url').toString()) ?? []
    if (list !== key) throw query.invalid(name, `must be that of a page URL of ${key}`)
    return { direction: direction === 'T' ? 'after' : 'before', anchor }
  }
}

/** A list of what is in one document, in an order of their serial numbers. */
export function ofSerials<Item extends { readonly serial: number }> (
  items: readonly Item[], order: 'asc' | 'desc' = 'asc'
): Pick<Listed<Item>, 'anchor' | 'after' | 'before'> {
  const sign = order === 'asc' ? 1 : -1
  const ordered = [...items].sort((one, other) => sign * (one.serial - other.serial))
  const isBehind = ({ serial }: Item, anchor: string) => sign * (serial - Number(anchor)) > 0
  const isBefore = ({ serial }: Item, anchor: string) => sign * (serial - Number(anchor)) < 0

  return {
    anchor: ({ serial }) => String(serial),
    after: async (anchor, limit) =>
      ordered.filter(item => anchor === null || isBehind(item, anchor)).slice(0, limit),
    before: async (anchor, limit) => ordered.filter(item => isBefore(item, anchor)).slice(-limit)
  }
}

/** A list of documents, in the order that the store has for their keys; those that have gone are left out. */
export function ofKeys<Item> (
  keys: (after?: string) => AsyncGenerator<string, void>, prefix: string,
  read: (name: string) => Promise<Item>
): Pick<Listed<Item>, 'after' | 'before'> {
  return {
    async after (anchor, limit) {
      const items: Item[] = []
      const behind = keys(anchor === null ? undefined : prefix + anchor)
      for await (const present of atOnce(READS, behind, presentAt)) {
        items.push(...present)
        if (items.length === limit) break
      }
      return items
    },

    async before (anchor, limit) {
      // The anchor itself may have gone: then what comes behind it tells where it was.
      const ends = [prefix + anchor]
      for await (const key of keys(prefix + anchor)) if (ends.push(key) > READS) break
      const near: string[] = []
      for await (const key of keys()) {
        if (ends.includes(key)) break
        near.push(key)
        if (near.length > limit) near.shift()
      }
      const items: Item[] = []
      for await (const present of atOnce(READS, near, presentAt)) items.push(...present)
      return items
    }
  }

  async function presentAt (key: string): Promise<Item[]> {
    try {
      return [await read(key.slice(prefix.length))]
    } catch (error) {
      if (error instanceof NotFound) return []
      throw error
    }
  }
}
