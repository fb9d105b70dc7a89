import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasFunctions } from '../../options.js'
import { postgresStore } from '../../stores/postgres.js'
import { redisStore } from '../../stores/redis.js'
import type { EntityStore } from '../../stores/store.js'
import { openPool, openRedis } from '../drivers.js'
import { attempt, StartError } from '../failure.js'
import type { StoreChoice } from './store-choice.js'

/** Does something with the store that was chosen, and closes it. Nothing is created there. */
export async function withStore (
  choice: StoreChoice, use: (store: EntityStore) => Promise<void>
): Promise<void> {
  const { store, close } = await opened(choice)
  try {
    await use(store)
  } catch (error) {
    // Why it failed matters, and not that the end of it failed too.
    await close().catch(() => {})
    throw error
  }
  await close()
}

interface OpenStore {
  readonly store: EntityStore
  close (): Promise<void>
}

async function opened (choice: StoreChoice): Promise<OpenStore> {
  if (choice.kind === 'module') {
    return await attempt('the store can\'t be used', async () => await ownStore(choice.path))
  }
  if (choice.kind === 'postgres') {
    const { client, close } = await openPool(choice.url)
    return { store: postgresStore({ ...choice, client }), close }
  }
  const { client, close } = await attempt(
    `the server at ${new URL(choice.url).host} can't be used`, async () => await openRedis(choice.url))
  return { store: redisStore({ ...choice, client }), close }
}

/** What a module of somebody else's may export. */
interface StoreModule {
  readonly default?: unknown
  readonly close?: unknown
}

async function ownStore (path: string): Promise<OpenStore> {
  const module: StoreModule = await import(pathToFileURL(resolve(path)).href)
  const store: unknown = typeof module.default === 'function' ? await module.default() : module.default
  if (!isStore(store)) {
    throw new StartError(`the default export of ${path} must be a store with get, replace and list, or make one`)
  }
  return {
    store,

    async close () {
      if (typeof module.close === 'function') await module.close()
    }
  }
}

function isStore (value: unknown): value is EntityStore {
  return hasFunctions(value, ['get', 'replace', 'list'])
}
