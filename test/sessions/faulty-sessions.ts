import { MemoryStore, Store, type SessionData } from 'express-session'

type Method = 'get' | 'set' | 'destroy'

/** A store of sessions that can be told to fail. */
export class FaultySessions extends Store {
  readonly #inner = new MemoryStore()
  /** Is asked before each call: throws to fail it. A promise holds it back. */
  before: (method: Method, id: string) => Promise<void> | void = () => {}
  /** The calls so far. */
  readonly calls: string[] = []

  get (id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#call('get', id, () => this.#inner.get(id, done), done)
  }

  set (id: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    this.#call('set', id, () => this.#inner.set(id, session, done), done)
  }

  destroy (id: string, done: (error?: unknown) => void = () => {}): void {
    this.#call('destroy', id, () => this.#inner.destroy(id, done), done)
  }

  #call (method: Method, id: string, call: () => void, done: (error: unknown) => void): void {
    this.calls.push(method)
    const ask = async () => await this.before(method, id)
    ask().then(call, done)
  }

  /** The ids that have a session now, notes included. */
  async ids (): Promise<string[]> {
    return await new Promise((resolve, reject) => {
      this.#inner.all((error, sessions) => error ? reject(error) : resolve(Object.keys(sessions ?? {})))
    })
  }
}
