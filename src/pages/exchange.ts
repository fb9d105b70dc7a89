import type { Exchange } from '../http/service.js'

/** A request for a page, as the framework has it. */
export interface PageExchange<Request, Reply> extends Exchange<Request, Reply> {
  /** The query of the URL, with its question mark; '' without one. */
  readonly query: string
  /**
   * Reads the body as a form: its text, or what a parser of the host made of it. Throws `UnreadableError`.
   */
  readForm (): Promise<unknown>
}
