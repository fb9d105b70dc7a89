import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasFunctions } from '../../option-checks.js'
import { postgresStore } from '../../stores/postgres.js'
import { redisStore } from '../../stores/redis.js'
import type { EntityStore } from '../../documents/store.js'
import { openPool, openRedis } from '../drivers.js'
import { attempt, CommandError } from '../failure.js'
import type { StoreChoice } from './store-choice.js'

/** What a store needs for a command about all users. */
const LISTING = ['get', 'replace', 'list']

/** Opens the chosen store, which must have these methods, uses it, and closes it. Creates no tables. */
export async function withStore (
  choice: StoreChoice, use: (store: EntityStore) => Promise<void>, methods: readonly string[] = LISTING
): Promise<void> {
  const { store, connect, close } = await openStore(choice, methods)
  try {
    await connect?.()
    await use(store)
  } catch (error) {
    // A failure to close must not hide why the command failed.
    await close().catch(() => {})
    throw error
  }
  await close()
}

interface OpenStore {
  readonly store: EntityStore
  /**
   * Connects a pool, which would otherwise connect with its first use: the store's error doesn't name the
   * server.
   */
  connect? (): Promise<unknown>
  close (): Promise<void>
}

async function openStore (choice: StoreChoice, methods: readonly string[]): Promise<OpenStore> {
  if (choice.kind === 'module') {
    return await attempt('the store can\'t be used', async () => await importStore(choice.path, methods))
  }
  if (choice.kind === 'postgres') {
    const { client, close } = await openPool(choice.url)
    const connect = async () => await attempt(unusable(choice.url), async () => await client.query('SELECT 1'))
    return { store: postgresStore({ ...choice, client }), connect, close }
  }
  const { client, close } = await attempt(unusable(choice.url), async () => await openRedis(choice.url))
  return { store: redisStore({ ...choice, client }), close }
}

/** Names the server without the password in its URL. Without a host, the driver chooses the server. */
function unusable (url: string): string {
  const { host } = new URL(url)
  return `the server${host === '' ? '' : ` at ${host}`} can't be used`
}

/** The exports of a user's module. */
interface StoreModule {
  readonly default?: unknown
  readonly close?: unknown
}

async function importStore (path: string, methods: readonly string[]): Promise<OpenStore> {
  const module: StoreModule = await import(pathToFileURL(resolve(path)).href)
  const store: unknown = typeof module.default === 'function' ? await module.default() : module.default
  if (!hasFunctions<EntityStore>(store, methods)) {
    const named = methods.join(', ').replace(/, (?=\w+$)/, ' and ')
    throw new CommandError(`the default export of ${path} must be a store with ${named}, or a function that returns one`)
  }
  return {
    store,

    async close () {
      if (typeof module.close === 'function') await module.close()
    }
  }
}
