import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasFunctions } from '../../option-checks.js'
import { postgresStore } from '../../stores/postgres.js'
import { redisStore } from '../../stores/redis.js'
import type { EntityStore } from '../../documents/store.js'
import { openPool, openRedis } from '../drivers.js'
import { attempt, CommandError } from '../failure.js'
import type { StoreChoice } from './store-choice.js'

/** Opens the chosen store, uses it, and closes it. Creates no tables. */
export async function withStore (
  choice: StoreChoice, use: (store: EntityStore) => Promise<void>
): Promise<void> {
  const { store, close } = await openStore(choice)
  try {
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
  close (): Promise<void>
}

async function openStore (choice: StoreChoice): Promise<OpenStore> {
  if (choice.kind === 'module') {
    return await attempt('the store can\'t be used', async () => await importStore(choice.path))
  }
  if (choice.kind === 'postgres') {
    const { client, close } = await openPool(choice.url)
    return { store: postgresStore({ ...choice, client }), close }
  }
  const { client, close } = await attempt(
    `the server at ${new URL(choice.url).host} can't be used`, async () => await openRedis(choice.url))
  return { store: redisStore({ ...choice, client }), close }
}

/** The exports of a user's module. */
interface StoreModule {
  readonly default?: unknown
  readonly close?: unknown
}

async function importStore (path: string): Promise<OpenStore> {
  const module: StoreModule = await import(pathToFileURL(resolve(path)).href)
  const store: unknown = typeof module.default === 'function' ? await module.default() : module.default
  if (!isStore(store)) {
    throw new CommandError(`the default export of ${path} must be a store with get, replace and list, or a ` +
      'function that returns one')
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
