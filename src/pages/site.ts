import { fittingName } from '../entity/friendly-name.js'
import { CrossSiteError, MalformedError } from '../errors.js'
import type { Log } from '../events.js'
import { SAFE_METHODS, type Sent } from '../http/cross-site.js'
import type { RequestCaller } from '../http/request-caller.js'
import { returnPathsUnder } from '../http/return-path.js'
import type { Exchange, Service } from '../http/service.js'
import type { PagesOptions, Settings } from '../options.js'
import { getOwn, hasOwn, ownOnly } from '../own-property.js'
import { scrubbed } from '../scrubbed.js'
import { secondsOf } from '../time/clock.js'
import type { SessionCaller } from '../verifier/caller.js'
import type { Verifier } from '../verifier/verifier.js'
import { assetAnswer, leadingAnswer, pageAnswer, type PageAnswer } from './answer.js'
import { enrollmentCookie } from './enrollment-cookie.js'
import { challenge } from './flow/challenge.js'
import { codes } from './flow/codes.js'
import { enroll } from './flow/enroll.js'
import { manage } from './flow/manage.js'
import { recover } from './flow/recover.js'
import { remembered } from './flow/remembered.js'
import { fieldsOf, requireOnly } from './forms.js'
import { onceCookie } from './once-cookie.js'
import type { Setting } from './page.js'
import { queryOf } from './query.js'
import { mendingPage, refusalOf } from './refusals.js'
import { createRenderer } from './render.js'
import type { Flow, FlowContext, Outcome, Visit, WayBack } from './visit.js'

/** A request for a page, as the framework has it. */
export interface PageExchange<Request, Reply> extends Exchange<Request, Reply> {
  /** The query of the URL, with its question mark; '' without one. */
  readonly query: string
  /**
   * Reads the body as a form: its text, or what a parser of the host made of it. Throws `UnreadableError`.
   */
  readForm (): Promise<unknown>
}

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
  'issuer' | 'keys' | 'maxFactors' | 'freshness' | 'recoveryCodes' | 'remember' | 'provider' | 'formerProviders' |
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

const FLOWS: readonly Flow[] = [manage, enroll, challenge, recover, codes, remembered]

/** Makes the pages of a server, for any framework. */
export function createPages<Request, Reply> (
  parts: PagesParts<Request, Reply>, rendererOf = createRenderer
): ReadonlyArray<PageRoute<Request, Reply>> {
  const { at, requests, callerAtArrival, log } = parts
  const context = contextOf(parts)
  const { brand, languages } = ownOnly(parts.options)
  const { home } = context.settings
  const renderer = rendererOf({ brand, at, home, ...languages === undefined ? {} : { languages } })

  async function answerFor (flow: Flow, exchange: PageExchange<Request, Reply>): Promise<PageAnswer> {
    try {
      requireSender(exchange)
      return await answerCaller(flow, exchange, await callerAtArrival(exchange))
    } catch (error) {
      return answerRefused(error, { ...STRANGER, acceptLanguage: acceptLanguageOf(exchange) })
    }
  }

  async function answerCaller (
    flow: Flow, exchange: PageExchange<Request, Reply>, caller: SessionCaller
  ): Promise<PageAnswer> {
    const { request, reply, headers, method } = exchange
    const query = queryOf(exchange.query, headers)
    const cookies = new Map<string, string>()
    const friendlyName = async () => await requests.friendlyName(request, caller.identity)

    function visitBackTo (signed: string | null): Visit {
      return {
        caller,
        headers,
        query,
        wayBack: wayBackIn(signed, caller.identity),
        friendlyName,
        setCookie: (name, header) => { cookies.set(name, header) },

        async keep ({ mark, browserTokens }) {
          await requests.keep(request, reply, { mark, rotate: true, browserTokens })
          if (mark === null) return
          const { identity, session } = caller
          const resealed = context.enrolling.resealedFor(headers, { identity, mark: session.mark }, mark)
          if (resealed !== null) cookies.set(context.enrolling.name, resealed)
        }
      }
    }

    let visit = visitBackTo(query.returnTo)
    const setting = async (): Promise<Setting> => ({
      account: await accountOf(friendlyName),
      notice: SAFE_METHODS.includes(method) ? query.notice : null,
      acceptLanguage: acceptLanguageOf(exchange),
      returnTo: visit.wayBack?.signed ?? null
    })

    async function follow (): Promise<Outcome> {
      if (!flow.isOn(context.settings)) return { page: { kind: 'problem', problem: 'notFound' }, status: 404 }
      if (SAFE_METHODS.includes(method)) return await flow.show(context, visit)
      const fields = fieldsOf(await exchange.readForm())
      const { action: name = '', return: signed = query.returnTo } = fields
      visit = visitBackTo(signed)
      const action = getOwn(flow.actions, name)
      if (action === undefined) throw new MalformedError('the form has no such action')
      requireOnly(fields, ['action', 'return', ...action.fields])
      return await action.act(context, visit, fields)
    }

    async function answer (): Promise<PageAnswer> {
      try {
        return await answerOf(await follow(), setting)
      } catch (error) {
        const mending = mendingPage(context, visit, flow.path, error)
        return mending === null ? answerRefused(error, await setting()) : await answerOf(mending, setting)
      }
    }

    return { ...await answer(), cookies: [...cookies.values()] }
  }

  async function answerOf (outcome: Outcome, setting: () => Promise<Setting>): Promise<PageAnswer> {
    if (hasOwn(outcome, 'location')) return leadingAnswer(outcome.location)
    return pageAnswer({ renderer, log }, outcome.page, await setting(), outcome.status)
  }

  function answerRefused (error: unknown, setting: Setting): PageAnswer {
    const { problem, status, headers } = refusalOf(error, log)
    const answer = pageAnswer({ renderer, log }, { kind: 'problem', problem }, setting, status)
    return { ...answer, headers: { ...answer.headers, ...headers } }
  }

  function wayBackIn (signed: string | null, identity: string): WayBack | null {
    const returnPath = signed === null ? null : context.returnPaths.read(signed, identity)
    return signed === null || returnPath === null ? null : { ...returnPath, signed }
  }

  /** The name that pages show. A page without it is better than none. */
  async function accountOf (friendlyName: () => Promise<string | null>): Promise<string | null> {
    try {
      const name = await friendlyName()
      return name === null ? null : fittingName(name)
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
