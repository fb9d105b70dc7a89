import assert from 'node:assert/strict'
import type { Visitor } from '../visitor.js'
import { formsOf, titleOf } from './markup.js'

/** More than that, and it would be a circle. */
const MOST_HOPS = 6

const NAVIGATION = {
  'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html'
}

/** What a browser shows. */
export interface Shown {
  readonly status: number
  /** Path and query. */
  readonly url: string
  readonly text: string
  /** The main heading of a page; null for anything else. */
  readonly title: string | null
  /** The paths and queries on the way here. */
  readonly hops: readonly string[]
}

/** A browser without a window, a script and a style: it follows redirects, and sends forms. */
export interface TextBrowser {
  open (url: string, headers?: Readonly<Record<string, string>>): Promise<Shown>
  /** Sends the form of a page that has a field or an action of this name, with what was filled in. */
  send (shown: Shown, name: string, filled?: Readonly<Record<string, string>>): Promise<Shown>
}

/** The browser of somebody. */
export function textBrowser (who: Visitor): TextBrowser {
  async function follow (hops: string[], first: Awaited<ReturnType<Visitor['get']>>): Promise<Shown> {
    let answer = first
    while (answer.status === 303) {
      hops.push(String(answer.headers['location']))
      assert.ok(hops.length <= MOST_HOPS, `a circle: ${hops.join(' → ')}`)
      answer = await who.request('GET', hops.at(-1) ?? '', undefined, NAVIGATION)
    }
    const { status, text } = answer
    return { status, url: hops.at(-1) ?? '', text, title: titleOf(text), hops }
  }

  return {
    open: async (url, headers = {}) =>
      await follow([url], await who.request('GET', url, undefined, { ...NAVIGATION, ...headers })),

    async send ({ text, url }, name, filled = {}) {
      const form = formsOf(text).find(({ fields }) => fields['action'] === name || Object.hasOwn(fields, name))
      assert.ok(form !== undefined, `a form ${name} at ${url}`)
      const body = new URLSearchParams({ ...form.fields, ...filled }).toString()
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      return await follow([form.action], await who.request('POST', form.action, body, { ...NAVIGATION, ...type }))
    }
  }
}
