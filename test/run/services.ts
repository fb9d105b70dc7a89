import { lackingPrograms, postgresServer } from '../outages/postgres-server.js'
import { lackingProgram, redisServer } from '../stores/redis-server.js'

/** Databases that tests share, for as long as they run. */
export interface Services {
  /** Names them to the tests. */
  readonly env: Readonly<Record<string, string>>
  stop (): Promise<void>
}

/** Starts each database whose programs are there, unless the environment names one. */
export async function startServices (): Promise<Services> {
  const stops: Array<() => Promise<void>> = []
  const cleanup = {
    after: (stop: () => Promise<void>) => { stops.unshift(stop) },
    teardown: (stop: () => Promise<void>) => { stops.unshift(stop) }
  }
  const env: Record<string, string> = {}
  if (process.env['DATABASE_URL'] === undefined && lackingPrograms === false) {
    const { port } = await postgresServer(cleanup, { max_connections: '200' })
    env['DATABASE_URL'] = `postgres://postgres@127.0.0.1:${port}/postgres`
  }
  if (process.env['REDIS_URL'] === undefined && lackingProgram === false) {
    env['REDIS_URL'] = (await redisServer(cleanup)).url
  }
  return {
    env,

    async stop () {
      for (const stop of stops) await stop()
    }
  }
}
