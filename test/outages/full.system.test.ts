import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { postgres, postgresDatabase, postgresUrl, redis, redisDatabase } from './database.js'
import { outage, REQUIRED, STORE_FAILED, type Outage } from './outage.js'
import { give } from './postgres-server.js'

const disk = postgres.lacking === false ? smallDisk(t) : null
const lackingDisk = disk === null && 'needs PostgreSQL, and to be root who may mount a disk of its own'

t.test('with its disk full, PostgreSQL is read, and nothing is approved', { skip: lackingDisk }, async t => {
  const database = await postgresDatabase(t)
  const site = await outage(t, postgres, database)
  const { client } = database
  give(String(disk))
  await client.query(`CREATE TABLESPACE small LOCATION '${disk}'`)
  await client.query('ALTER TABLE totp_entities SET TABLESPACE small')
  await client.query("INSERT INTO totp_entities (key, revision, document) VALUES ('filler', 1, '{}')")
  // As long as somebody looks at the past, the room of old rows isn't used again.
  const other = new pg.Client(postgresUrl(database.port))
  await other.connect()

  await refuses(t, site, {
    async begin () {
      await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      await other.query('SELECT count(*) FROM totp_entities')
      fill(join(String(disk), 'filler'))
      const write = async () => await client.query("UPDATE totp_entities SET revision = revision WHERE key = 'filler'")
      await t.rejects(async () => { for (;;) await write() }, { code: '53100' })
    },

    async end () {
      rmSync(join(String(disk), 'filler'))
      await other.query('COMMIT')
    }
  })
  await other.end()
})

t.test('with its memory full, Redis is read, and nothing is approved', { skip: redis.lacking }, async t => {
  const database = await redisDatabase(t)
  await refuses(t, await outage(t, redis, database), {
    async begin () {
      await database.client.config('SET', 'maxmemory', '1')
      await t.rejects(database.client.set('filler', ''), { message: /^OOM / })
    },

    async end () {
      await database.client.config('SET', 'maxmemory', '0')
    }
  })
})

async function refuses (
  t: Test, { person, entity }: Outage, full: { begin (): Promise<void>, end (): Promise<void> }
): Promise<void> {
  const { approved, unapproved, code, wrongCode } = await person('alice')
  const [before, right] = [await entity('alice'), code()]
  await full.begin()
  t.match(await unapproved.challenge(right), STORE_FAILED)
  t.match(await unapproved.challenge(wrongCode()), STORE_FAILED, 'a wrong code is told as little')
  t.match(await unapproved.vault(), REQUIRED)
  t.match(await approved.vault(), { status: 200 })
  t.strictSame(await entity('alice'), before)

  await full.end()
  t.match(await approved.vault(), { status: 200 })
  t.match(await unapproved.vault(), REQUIRED)
  t.match(await unapproved.challenge(right), { status: 200 })
  t.match(await unapproved.vault(), { status: 200 })
}

/** A folder that holds little, gone with the test; null where one may not mount. */
function smallDisk (t: Test): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return null
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** Writes a file until no byte more fits on its disk. */
function fill (path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 65536; size >= 1; size /= 2) writeUntilFull(file, Buffer.alloc(size))
  } finally {
    closeSync(file)
  }
}

function writeUntilFull (file: number, chunk: Buffer): void {
  try {
    for (;;) writeSync(file, chunk)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
