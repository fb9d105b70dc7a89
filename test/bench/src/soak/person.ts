import { setTimeout as sleep } from 'node:timers/promises'
import * as OTPAuth from 'otpauth'
import type { Send, Browser } from './browser.js'
import { now, stepOf, TIME_STEP } from './clock.js'

/** A person with a browser and a phone. */
export interface Person {
  logIn (): Promise<void>
  logOut (): Promise<void>
  /** Scans a QR code and enters the first code. */
  enroll (): Promise<void>
  /** Removes the factor. */
  remove (): Promise<void>
  answer (): Promise<void>
  mistype (): Promise<void>
  /** Looks into the vault. */
  look (): Promise<void>
  /** Finds the vault closed. */
  isKeptOut (): Promise<void>
}

/** The server that people visit. */
export interface Host {
  readonly send: Send
  /** Whether it has the second factor; the bare one refuses nothing. */
  readonly guarded: boolean
}

/** A person who has never been there. */
export function personAt ({ send, guarded }: Host, identity: string): Person {
  const browser: Browser = { cookie: null }
  const refused = guarded ? 403 : 200
  let [sid, secret, lastStep] = ['', '', 0]

  async function nextCode (): Promise<string> {
    while (stepOf(now()) <= lastStep) await sleep(10)
    const seconds = now()
    lastStep = stepOf(seconds)
    return phone().generate({ timestamp: seconds * 1000 })
  }

  function phone (): OTPAuth.TOTP {
    return new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret), period: TIME_STEP })
  }

  return {
    async logIn () {
      await send(browser, { method: 'POST', path: '/login', body: { identity }, status: 200 })
    },

    async logOut () {
      await send(browser, { method: 'POST', path: '/logout', status: 204 })
      browser.cookie = null
    },

    async enroll () {
      const text = await send(browser, { method: 'POST', path: '/totp/factors', body: {}, status: 201 })
      const { factor, binding } = JSON.parse(text)
      ;[sid, secret, lastStep] = [factor.sid, binding.secret, 0]
      const body = { code: await nextCode() }
      await send(browser, { method: 'POST', path: `/totp/factors/${sid}/verify`, body, status: 200 })
    },

    async remove () {
      await send(browser, { method: 'DELETE', path: `/totp/factors/${sid}`, status: 204 })
    },

    async answer () {
      const body = { code: await nextCode() }
      await send(browser, { method: 'POST', path: '/totp/challenges', body, status: 200 })
    },

    async mistype () {
      const body = { code: wrongCode(phone()) }
      await send(browser, { method: 'POST', path: '/totp/challenges', body, status: refused })
    },

    async look () {
      const text = await send(browser, { method: 'GET', path: '/vault', status: 200 })
      if (!text.includes('gold')) throw new Error(`${identity} found something else in the vault: ${text}`)
    },

    async isKeptOut () {
      await send(browser, { method: 'GET', path: '/vault', status: refused })
    }
  }
}

/** A code of none of the steps around now, even if the server looks at it a step later. */
function wrongCode (phone: OTPAuth.TOTP): string {
  const right = [-1, 0, 1, 2].map(step => phone.generate({ timestamp: (now() + step * TIME_STEP) * 1000 }))
  return ['000000', '000001', '000002', '000003', '000004'].find(code => !right.includes(code)) ?? ''
}
