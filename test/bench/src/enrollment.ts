import qrcode from 'qrcode'
import qr from 'qr'
import { memoryStore } from '../../../dist/index.js'
import { qrCode } from '../../../dist/qr.js'
import { inProcess } from './in-process.js'
import { handClock, serverOver } from './population.js'
import type { Row } from './row.js'

const OURS = 'ours: enroll, seal, store, draw'
const QRCODE = 'qrcode, the SVG alone'
const QR = 'package qr, the SVG alone'
const PEOPLE = 1000

/** A new factor, and its QR code as SVG. */
export const enrollment: Row = {
  name: 'enrollment',
  title: 'an enrollment with its QR code as SVG, over memoryStore',
  unit: 'µs',
  rounds: 15,
  turns: 5,
  goals: [{ of: OURS, to: QRCODE, atMost: 1.1 }, { of: QR, to: QRCODE }],
  async open () {
    const app = await serverOver(memoryStore(), handClock())
    const enroll = async (turn: number) => {
      // All of the same length: a few letters more may take a larger code.
      const identity = `user-${PEOPLE + turn % PEOPLE}`
      return await app.totp.enroll({ identity, operator: true }, { friendlyName: identity })
    }
    const uris: string[] = []
    for (let turn = 0; turn < PEOPLE; turn++) uris.push((await enroll(turn)).uri)
    const uriAt = (turn: number) => uris[turn % PEOPLE] ?? ''
    return {
      contenders: [
        inProcess(OURS, async turn => await qrCode((await enroll(turn)).uri, 'svg')),
        inProcess(QRCODE, async turn => await qrcode.toString(uriAt(turn), { type: 'svg' })),
        inProcess(QR, turn => qr(uriAt(turn), 'svg'))
      ],
      async close () { await app.close() }
    }
  }
}
