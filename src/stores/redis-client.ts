import { createHash } from 'node:crypto'

/** As much of a `Redis` of the `ioredis` package as is used. */
export interface IoredisClient {
  evalsha (sha1: string, numkeys: number, ...args: string[]): Promise<unknown>
  eval (script: string, numkeys: number, ...args: string[]): Promise<unknown>
}

/** As much of a `Cluster` of the `ioredis` package as is used. */
export interface IoredisCluster extends IoredisClient {
  nodes (role: 'master'): IoredisClient[]
}

/** As much of a client, a pool or a sentinel of the `redis` package as is used. */
export interface NodeRedisClient {
  evalSha (sha1: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
}

/** As much of a cluster of the `redis` package as is used. */
export interface NodeRedisCluster extends NodeRedisClient {
  readonly masters: readonly object[]
  nodeClient (master: object): Promise<NodeRedisClient>
}

/** Any of them. */
export type RedisClient = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster

/** What a server runs as one step, and how it remembers it. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

export function scriptOf (text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

/**
 * Runs a script. Whatever is asked of a server is asked by one, reads too: those clients may take from a
 * replica that lags, or from a cache, but scripts they leave to the master.
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

/** A client of each server that has keys: of a cluster's masters, or the one that was given. */
export async function serversOf (client: RedisClient): Promise<readonly RedisClient[]> {
  if ('nodes' in client) return client.nodes('master')
  if ('masters' in client) return await Promise.all(client.masters.map(async master => await client.nodeClient(master)))
  return [client]
}
