import assert from 'node:assert/strict'

/** A tag of a page. */
export interface Tag {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** A form of a page, with the values that it would send. */
export interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

const TOKEN = /<!doctype html>|<\/[a-z][a-z0-9]*>|<([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>|[^<>]+/gy
const ATTRIBUTE = / ([a-z-]+)(?:="([^"]*)")?/g

/** The tags of a page. It has to be written as strictly as the templates write it: anything else throws. */
export function tagsOf (page: string): Tag[] {
  const tags: Tag[] = []
  let end = 0
  for (const [token, name, attributes = ''] of page.matchAll(TOKEN)) {
    end += token.length
    if (name === undefined) continue
    const pairs = [...attributes.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, unescaped(value)] as const)
    tags.push({ name, attributes: new Map(pairs) })
  }
  assert.equal(end, page.length, `strange markup: ${page.slice(end, end + 80)}`)
  return tags
}

/** The forms of a page. */
export function formsOf (page: string): Form[] {
  return [...page.matchAll(/<form .*?<\/form>/gs)].map(([text]) => {
    const [form, ...tags] = tagsOf(text)
    const inputs = tags.filter(({ name, attributes }) => name === 'input' && attributes.has('name'))
    const filled = inputs.filter(({ attributes }) => attributes.get('type') !== 'checkbox')
    const fields = filled.map(({ attributes }) => [attributes.get('name'), attributes.get('value') ?? ''])
    return { action: form?.attributes.get('action') ?? '', fields: Object.fromEntries(fields) }
  })
}

/** The text of the main heading; null on what isn't a page. */
export function titleOf (page: string): string | null {
  const [, title = null] = /<h1 [^>]*>([^<]*)<\/h1>/.exec(page) ?? []
  return title === null ? null : unescaped(title)
}

/** The key that a page shows. */
export function keyIn (page: string): string {
  return (/<code id="key"[^>]*>([^<]*)</.exec(page)?.[1] ?? '').replaceAll(' ', '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&'
}

/** What a text says to a browser. No other entities are expected. */
export function unescaped (text: string): string {
  return text.replace(/&[^;]*;?/g, entity => {
    const character = ENTITIES[entity]
    assert.ok(character !== undefined, `strange entity: ${entity}`)
    return character
  })
}
