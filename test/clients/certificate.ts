import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate that nobody has signed but itself. */
export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  /** Where the certificate is, for those who are to trust it. */
  readonly file: string
}

/** Makes one for a host, in a folder. */
export function selfSigned (folder: string, host: string): Certificate {
  const [file, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', file
  ], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(file), file }
}
