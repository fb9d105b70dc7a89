import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A self-signed certificate. */
export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  /** The path of the certificate, for clients that should trust it. */
  readonly file: string
}

/** Creates the certificate of a host in a folder. */
export function selfSigned (folder: string, host: string): Certificate {
  const [file, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', file
  ], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(file), file }
}
