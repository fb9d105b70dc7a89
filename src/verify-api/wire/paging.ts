import { inBatches } from '../../in-batches.js'
import type { Form } from './form.js'
import { integer, type Reader } from './parameters.js'
import { NotFound } from './refusal.js'

/** A list that clients read in pages. */
export interface PagedList<Item> {
  /** The name of the items in the answer. */
  readonly key: string
  /** Identifies the place of an item in the list, even after the item was deleted. */
  readonly anchor: (item: Item) => string
  /** Up to `limit` items that follow an anchor; null for the first ones. */
  readonly after: (anchor: string | null, limit: number) => Promise<Item[]>
  /** Up to `limit` items that directly precede an anchor. */
  readonly before: (anchor: string, limit: number) => Promise<Item[]>
  /** The item as clients get it. */
  readonly render: (item: Item) => object
}

const DEFAULT_SIZE = 50
const MAX_SIZE = 1000
const MAX_PAGE = 999_999_999
/** Documents of a page that are read at the same time. */
const PARALLEL_READS = 8

interface PageToken {
  readonly direction: 'after' | 'before'
  readonly anchor: string
}

const size = integer(1, MAX_SIZE)
const number = integer(0, MAX_PAGE)

/** The page that the query asks for. `filters` are the parameters that the URLs of other pages repeat. */
export async function readPage<Item> (
  list: PagedList<Item>, url: string, query: Form, filters: readonly string[] = []
): Promise<object> {
  const pageSize = size(query, 'PageSize') ?? DEFAULT_SIZE
  const current = number(query, 'Page') ?? 0
  const token = pageToken(list.key)(query, 'PageToken') ?? null
  const { items, hasNext, hasPrevious } = await readSlice(list, token, pageSize)
  const [first, last] = [items.at(0), items.at(-1)]

  return {
    [list.key]: items.map(list.render),
    meta: {
      page: current,
      page_size: pageSize,
      first_page_url: urlOf(0, null),
      previous_page_url: hasPrevious && first !== undefined
        ? urlOf(Math.max(0, current - 1), { direction: 'before', anchor: list.anchor(first) })
        : null,
      url: urlOf(current, token),
      next_page_url: hasNext && last !== undefined
        ? urlOf(Math.min(MAX_PAGE, current + 1), { direction: 'after', anchor: list.anchor(last) })
        : null,
      key: list.key
    }
  }

  function urlOf (page: number, token: PageToken | null): string {
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

/** Reads one item more than the page holds, to know whether there is another page. */
async function readSlice<Item> (
  list: PagedList<Item>, token: PageToken | null, limit: number
): Promise<Slice<Item>> {
  if (token?.direction === 'before') {
    const items = await list.before(token.anchor, limit + 1)
    if (items.length === 0) return await readSlice(list, null, limit)
    return { items: items.slice(-limit), hasNext: true, hasPrevious: items.length > limit }
  }
  const items = await list.after(token?.anchor ?? null, limit + 1)
  return { items: items.slice(0, limit), hasNext: items.length > limit, hasPrevious: token !== null }
}

/**
 * Opaque to clients: `PT` asks for the items after the anchor, `PB` for those before it. The token names its
 * list, because the token of another list would silently end this one early.
 */
function tokenText (key: string, { direction, anchor }: PageToken): string {
  return `${direction === 'after' ? 'PT' : 'PB'}${Buffer.from(`${key}:${anchor}`).toString('base64url')}`
}

function pageToken (key: string): Reader<PageToken> {
  return (query, name) => {
    const text = query.one(name)
    if (text === undefined) return undefined
    const [, direction, encoded = ''] = /^P([TB])([A-Za-z0-9_-]+)$/.exec(text) ?? []
    const [, list, anchor = ''] = /^([a-z]+):([A-Za-z0-9-]{1,64})$/.exec(Buffer.from(encoded, 'base64url').toString()) ?? []
    if (list !== key) throw query.invalid(name, `must come from a page URL of ${key}`)
    return { direction: direction === 'T' ? 'after' : 'before', anchor }
  }
}

/** Pages over the items of one document, ordered by serial number. */
export function bySerial<Item extends { readonly serial: number }> (
  items: readonly Item[], order: 'asc' | 'desc' = 'asc'
): Pick<PagedList<Item>, 'anchor' | 'after' | 'before'> {
  const sign = order === 'asc' ? 1 : -1
  const ordered = [...items].sort((one, other) => sign * (one.serial - other.serial))
  const isAfter = ({ serial }: Item, anchor: string) => sign * (serial - Number(anchor)) > 0
  const isBefore = ({ serial }: Item, anchor: string) => sign * (serial - Number(anchor)) < 0

  return {
    anchor: ({ serial }) => String(serial),
    after: async (anchor, limit) =>
      ordered.filter(item => anchor === null || isAfter(item, anchor)).slice(0, limit),
    before: async (anchor, limit) => ordered.filter(item => isBefore(item, anchor)).slice(-limit)
  }
}

/** Pages over documents, in the store's order of their keys. Documents deleted meanwhile are left out. */
export function byKey<Item> (
  listKeys: (after?: string) => AsyncGenerator<string, void>, prefix: string,
  read: (name: string) => Promise<Item>
): Pick<PagedList<Item>, 'after' | 'before'> {
  return {
    async after (anchor, limit) {
      const items: Item[] = []
      const keys = listKeys(anchor === null ? undefined : prefix + anchor)
      for await (const present of inBatches(PARALLEL_READS, keys, readIfPresent)) {
        items.push(...present)
        if (items.length === limit) break
      }
      return items
    },

    async before (anchor, limit) {
      // The document of the anchor may be deleted. The keys after it still show where it was.
      const ends = [prefix + anchor]
      for await (const key of listKeys(prefix + anchor)) if (ends.push(key) > PARALLEL_READS) break
      const preceding: string[] = []
      for await (const key of listKeys()) {
        if (ends.includes(key)) break
        preceding.push(key)
        if (preceding.length > limit) preceding.shift()
      }
      const items: Item[] = []
      for await (const present of inBatches(PARALLEL_READS, preceding, readIfPresent)) items.push(...present)
      return items
    }
  }

  async function readIfPresent (key: string): Promise<Item[]> {
    try {
      return [await read(key.slice(prefix.length))]
    } catch (error) {
      if (error instanceof NotFound) return []
      throw error
    }
  }
}
