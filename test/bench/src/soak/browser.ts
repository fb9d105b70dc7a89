import { Agent, request, type IncomingMessage } from 'node:http'

/** A browser, which keeps the session's cookie. */
export interface Browser {
  cookie: string | null
}

/** A request, and the status that it must get. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  readonly status: number
}

/** Resolves to the body of the answer. Rejects if its status is another. */
export type Send = (browser: Browser, ask: Ask) => Promise<string>

/** Sends requests to a port of this machine, over this many connections that stay open. */
export function sender (port: number, connections: number): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })

  return async (browser, { method, path, body, status }) => {
    const sent = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      ...(browser.cookie === null ? {} : { cookie: browser.cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': sent.length })
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ agent, port, host: '127.0.0.1', method, path, headers }, resolve).on('error', reject).end(sent)
    })
    const text = await textOf(response)
    if (response.statusCode !== status) {
      throw new Error(`${method} ${path} was answered ${response.statusCode} instead of ${status}: ${text}`)
    }
    const [cookie] = response.headers['set-cookie'] ?? []
    if (cookie !== undefined) browser.cookie = cookie.slice(0, cookie.indexOf(';'))
    return text
  }
}

async function textOf (response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += part
  return text
}
