import { createHash } from 'node:crypto'

/** The part of the `ioredis` package's `Redis` that is used. */
export interface IoredisClient {
  evalsha (sha1: string, numkeys: number, ...args: string[]): Promise<unknown>
  eval (script: string, numkeys: number, ...args: string[]): Promise<unknown>
}

/** The part of the `ioredis` package's `Cluster` that is used. */
export interface IoredisCluster extends IoredisClient {
  nodes (role: 'master'): IoredisClient[]
}

/** The part of the `redis` package's client, pool or sentinel that is used. */
export interface NodeRedisClient {
  evalSha (sha1: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
}

/** The part of the `redis` package's cluster that is used. */
export interface NodeRedisCluster extends NodeRedisClient {
  readonly masters: readonly object[]
  nodeClient (master: object): Promise<NodeRedisClient>
}

/** Any client of `ioredis` or `redis`. */
export type RedisClient = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster

/** A Lua script, which a server runs atomically and caches by its hash. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

export function scriptOf (text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

/**
 * Runs a script. Reads are scripts too: clients may read from a replica that lags, or from a cache, but they
 * run scripts on the master.
 */
export async function run (
  client: RedisClient, { text, sha1 }: Script, keys: string[], args: string[] = []
): Promise<unknown> {
  try {
    return 'evalSha' in client
      ? await client.evalSha(sha1, { keys, arguments: args })
      : await client.evalsha(sha1, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return 'evalSha' in client
      ? await client.eval(text, { keys, arguments: args })
      : await client.eval(text, keys.length, ...keys, ...args)
  }
}

/** A client for each server that has keys: for each of a cluster's masters, or the given client itself. */
export async function serversOf (client: RedisClient): Promise<readonly RedisClient[]> {
  if ('nodes' in client) return client.nodes('master')
  if ('masters' in client) return await Promise.all(client.masters.map(async master => await client.nodeClient(master)))
  return [client]
}
