import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg } from 'node:os'

/** The machine and the software that the figures come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly load: string
  readonly node: string
  readonly date: string
  readonly versions: Readonly<Record<string, string>>
}

/** The major version of this Node.js: some goals depend on the speed of its cryptography. */
export const NODE_MAJOR = Number(process.versions.node.split('.')[0])

const PACKAGES = ['fastify', 'otplib', 'otpauth', 'fastify-totp', 'better-auth', 'qrcode', 'qr', 'pg', 'ioredis', 'redis']

/** This machine, this Node.js, and the installed packages. */
export function machine (): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    load: loadavg().map(load => load.toFixed(1)).join(' '),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    versions: Object.fromEntries(PACKAGES.map(name => [name, versionOf(name)]))
  }
}

/** Read from the file, because not every package exports its `package.json`. */
function versionOf (name: string): string {
  const require = createRequire(import.meta.url)
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = require(`${folder}/${name}/package.json`)
      return String(version)
    } catch {}
  }
  return 'absent'
}
