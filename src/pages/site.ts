import { fittingName } from '../entity/friendly-name.js'
import { CrossSiteError, MalformedError } from '../errors.js'
import type { Log } from '../events.js'
import { SAFE_METHODS, type Sent } from '../http/cross-site.js'
import type { RequestCaller } from '../http/request-caller.js'
import { returnPathsUnder } from '../http/return-path.js'
import type { Service } from '../http/service.js'
import type { PagesOptions, Settings } from '../options.js'
import { getOwn, hasOwn, ownOnly } from '../own-property.js'
import { scrubbed } from '../scrubbed.js'
import { secondsOf } from '../time/clock.js'
import type { Verifier } from '../verifier/verifier.js'
import { assetAnswer, leadingAnswer, pageAnswer, type PageAnswer } from './answer.js'
import { enrollmentCookie } from './enrollment-cookie.js'
import { challenge } from './flow/challenge.js'
import { check } from './flow/check.js'
import { codes } from './flow/codes.js'
import { enroll } from './flow/enroll.js'
import { manage } from './flow/manage.js'
import { recover } from './flow/recover.js'
import { remembered } from './flow/remembered.js'
import type { PageExchange } from './exchange.js'
import { fieldsOf, requireOnly, type Fields } from './forms.js'
import { onceCookie } from './once-cookie.js'
import type { Setting } from './page.js'
import { mendingPage, refusalOf } from './refusals.js'
import { createRenderer } from './render.js'
import type { Flow, FlowContext, Outcome, Visit } from './visit.js'
import { visitOf, type VisitParts } from './visit-of.js'

/** A page or a file, at its path below the pages' own. HEAD is answered as GET. */
export interface PageRoute<Request, Reply> {
  readonly path: string
  readonly methods: ReadonlyArray<'GET' | 'POST'>
  /** Answers a request for the path. Never rejects. */
  answer (exchange: PageExchange<Request, Reply>): Promise<PageAnswer>
}

/** The settings that pages need. */
export type PagesSettings = Pick<
  Settings<unknown, unknown>,
  'issuer' | 'keys' | 'maxFactors' | 'reenroll' | 'freshness' | 'recoveryCodes' | 'remember' | 'provider' | 'formerProviders' |
  'clock' | 'name'
>

/** The parts that pages work with. */
export interface PagesParts<Request, Reply> {
  readonly settings: PagesSettings
  readonly options: PagesOptions
  /** The path of the pages as browsers see it. */
  readonly at: string
  readonly verifier: Verifier
  readonly requests: Pick<RequestCaller<Request, Reply>, 'friendlyName' | 'keep'>
  readonly callerAtArrival: Service<Request, Reply>['callerAtArrival']
  /** Is told of errors of status 500 and 503, and of requests from other sites. */
  readonly log: Log
}

const FLOWS: readonly Flow[] = [manage, enroll, challenge, recover, codes, check, remembered]

/** Makes the pages of a server, for any framework. */
export function createPages<Request, Reply> (
  parts: PagesParts<Request, Reply>, rendererOf = createRenderer
): ReadonlyArray<PageRoute<Request, Reply>> {
  const { at, requests, callerAtArrival, log } = parts
  const context = contextOf(parts)
  const { brand, languages } = ownOnly(parts.options)
  const { home } = context.settings
  const renderer = rendererOf({ brand, at, home, ...languages === undefined ? {} : { languages } })
  const output = { renderer, log }

  async function answerFor (flow: Flow, exchange: PageExchange<Request, Reply>): Promise<PageAnswer> {
    try {
      requireSender(exchange)
      const caller = await callerAtArrival(exchange)
      const cookies = new Map<string, string>()
      const answer = await answerVisit(flow, { context, requests, exchange, caller, cookies })
      return { ...answer, cookies: [...cookies.values()] }
    } catch (error) {
      return refuse(error, { ...STRANGER, acceptLanguage: acceptLanguageOf(exchange) })
    }
  }

  async function answerVisit (flow: Flow, parts: VisitParts<Request, Reply>): Promise<PageAnswer> {
    const { exchange } = parts
    const visit = visitOf(parts)
    return await orMend(flow, exchange, visit, async () => {
      if (!flow.isOn(context.settings)) return await showOrLead(NOT_FOUND, exchange, visit)
      if (SAFE_METHODS.includes(exchange.method)) {
        return await showOrLead(await flow.show(context, visit), exchange, visit)
      }
      return await answerForm(flow, parts, fieldsOf(await exchange.readForm()))
    })
  }

  async function answerForm (
    flow: Flow, parts: VisitParts<Request, Reply>, fields: Fields
  ): Promise<PageAnswer> {
    const { exchange } = parts
    const visit = visitOf(parts, fields['return'])
    return await orMend(flow, exchange, visit, async () => {
      const action = getOwn(flow.actions, fields['action'] ?? '')
      if (action === undefined) throw new MalformedError('the form has no such action')
      requireOnly(fields, ['action', 'return', ...action.fields])
      return await showOrLead(await action.act(context, visit, fields), exchange, visit)
    })
  }

  /** The answer of `work`. If that is refused, leads to the page that mends it, or tells what is wrong. */
  async function orMend (
    flow: Flow, exchange: Sent, visit: Visit, work: () => Promise<PageAnswer>
  ): Promise<PageAnswer> {
    try {
      return await work()
    } catch (error) {
      const mending = mendingPage(context, visit, flow.path, error)
      return mending === null
        ? refuse(error, await settingOf(exchange, visit))
        : await showOrLead(mending, exchange, visit)
    }
  }

  async function showOrLead (outcome: Outcome, exchange: Sent, visit: Visit): Promise<PageAnswer> {
    if (hasOwn(outcome, 'location')) return leadingAnswer(outcome.location)
    const { page, status, returnTo } = ownOnly(outcome)
    const setting = await settingOf(exchange, visit)
    return pageAnswer(output, page, returnTo === undefined ? setting : { ...setting, returnTo }, status)
  }

  function refuse (error: unknown, setting: Setting): PageAnswer {
    const { problem, status, headers } = refusalOf(error, log)
    const answer = pageAnswer(output, { kind: 'problem', problem }, setting, status)
    return { ...answer, headers: { ...answer.headers, ...headers } }
  }

  async function settingOf (exchange: Sent, visit: Visit): Promise<Setting> {
    const { caller, wayBack, query, friendlyName } = visit
    return {
      account: await accountOf(caller, friendlyName),
      notice: query.notice,
      acceptLanguage: acceptLanguageOf(exchange),
      returnTo: wayBack?.signed ?? null
    }
  }

  /** The name that pages show: the user may see the identity, unlike Twilio. A page without it beats none. */
  async function accountOf (
    { identity }: Visit['caller'], friendlyName: Visit['friendlyName']
  ): Promise<string | null> {
    try {
      return fittingName(await friendlyName() ?? identity)
    } catch (error) {
      log(scrubbed(error), 'totp: friendlyName failed')
      return null
    }
  }

  return [
    ...FLOWS.map((flow): PageRoute<Request, Reply> => ({
      path: flow.path, methods: ['GET', 'POST'], answer: async exchange => await answerFor(flow, exchange)
    })),
    ...renderer.assets.map((asset): PageRoute<Request, Reply> => ({
      path: `/${asset.path}`, methods: ['GET'], answer: async () => assetAnswer(asset)
    }))
  ]
}

const NOT_FOUND: Outcome = { page: { kind: 'problem', problem: 'notFound' }, status: 404 }

const STRANGER = { account: null, notice: null, returnTo: null }

function contextOf ({ settings, options, at, verifier }: PagesParts<never, never>): FlowContext {
  const { name, keys, clock, remember } = settings
  const { home = '/', insecure = false } = ownOnly(options)
  return {
    settings: { ...settings, rememberFor: remember?.for ?? null, at, home },
    verifier,
    returnPaths: returnPathsUnder(keys),
    enrolling: enrollmentCookie({ name, keys, insecure }),
    once: onceCookie({ name, at, insecure }),
    now: () => secondsOf(clock)
  }
}

/** A form comes from a browser, and browsers say where they send it from. */
function requireSender ({ method, headers }: Sent): void {
  const { origin, 'sec-fetch-site': site } = ownOnly(headers)
  if (SAFE_METHODS.includes(method) || origin !== undefined || site !== undefined) return
  throw new CrossSiteError(new Error('a form came without origin and sec-fetch-site'))
}

function acceptLanguageOf ({ headers }: Sent): string | undefined {
  const header = getOwn(headers, 'accept-language')
  return typeof header === 'string' ? header : undefined
}
