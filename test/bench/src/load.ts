import { on, once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Requests that differ in one header. */
export interface Requests {
  readonly port: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** The header that carries the session. */
  readonly header: string
  /** One request for each value, in this order, and from the beginning again if a volley is longer. */
  readonly values: readonly string[]
  readonly body?: object
}

/** The requests of the next volleys, and the status that each of them must get. */
export interface Aim {
  readonly requests: Requests
  readonly status: number
}

/** Fires this many of the requests, beginning after the last one that was fired. */
export interface Volley {
  readonly count: number
}

/** An order of the bench's own process to the load generator. */
export type Order = Aim | Volley

const CONNECTIONS = 64
/** Seconds after which a server is stuck rather than slow. */
const RETRY_AFTER = 60
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i
const CHUNKED = /\r\ntransfer-encoding: chunked\r\n/i
const LAST_CHUNK = '\r\n0\r\n\r\n'

process.once('disconnect', () => process.exit())
let range: Awaited<ReturnType<typeof openRange>> | undefined
for await (const [message] of on(process, 'message')) {
  const order: Order = message
  if ('count' in order) {
    process.send?.(await range?.fire(order))
  } else {
    range?.close()
    range = await openRange(order)
    process.send?.('ready')
  }
}

/** Writes the requests and opens the connections, before any clock starts. */
async function openRange ({ requests, status }: Aim) {
  const packets = packetsOf(requests)
  let [next, unsent, unanswered] = [0, 0, 0]
  let finish = () => {}
  const lanes = Array.from({ length: CONNECTIONS }, () => openLane(requests.port, status, answered))
  const sockets = await Promise.all(lanes)

  function answered (socket: Socket): void {
    unanswered--
    if (unanswered === 0) finish()
    else send(socket)
  }

  function send (socket: Socket): void {
    const packet = packets[next]
    if (unsent === 0 || packet === undefined) return
    unsent--
    next = (next + 1) % packets.length
    socket.write(packet)
  }

  return {
    /** Resolves to the seconds from the first request to the last answer. */
    async fire ({ count }: Volley): Promise<number> {
      const stuck = setTimeout(() => { throw new Error(`${unanswered} answers are missing`) }, RETRY_AFTER * 1000)
      unsent = unanswered = count
      const start = performance.now()
      await new Promise<void>(resolve => {
        finish = resolve
        sockets.forEach(send)
      })
      clearTimeout(stuck)
      return (performance.now() - start) / 1000
    },

    close () {
      for (const socket of sockets) socket.removeAllListeners('close').destroy()
    }
  }
}

/**
 * Opens a connection for one request at a time. It must cost far less than any server, so it reads only the
 * status and the length of an answer; an unexpected status ends the process.
 */
async function openLane (port: number, status: number, onAnswer: (socket: Socket) => void): Promise<Socket> {
  const start = `HTTP/1.1 ${status} `
  const buffer = Buffer.allocUnsafe(16_384)
  let received = ''
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer,
      callback (size) {
        received += buffer.toString('latin1', 0, size)
        const length = lengthOf(received)
        if (length === null || received.length < length) return true
        if (!received.startsWith(start) || received.length > length) {
          throw new Error(`${status} was expected, and this came:\n${received}`)
        }
        received = ''
        onAnswer(socket)
        return true
      }
    }
  })
  socket.on('close', () => { throw new Error(`the server hung up, after:\n${received}`) })
  await once(socket, 'connect')
  return socket
}

/** The length of the whole answer in bytes, or null as long as that isn't known. */
function lengthOf (received: string): number | null {
  const head = received.indexOf('\r\n\r\n')
  if (head < 0) return null
  const length = LENGTH.exec(received)?.[1]
  if (length !== undefined) return head + 4 + Number(length)
  if (!CHUNKED.test(received)) throw new Error(`this answer has no length:\n${received}`)
  // A lane has one request at a time, so nothing comes after the last chunk.
  return received.endsWith(LAST_CHUNK) ? received.length : null
}

function packetsOf ({ port, method, path, headers, header, values, body }: Requests): Buffer[] {
  const content = body === undefined ? '' : JSON.stringify(body)
  const about = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }
  const common = Object.entries({ host: `127.0.0.1:${port}`, ...headers, ...about })
  const head = [`${method} ${path} HTTP/1.1`, ...common.map(([name, value]) => `${name}: ${value}`)].join('\r\n')
  return values.map(value => Buffer.from(`${head}\r\n${header}: ${value}\r\n\r\n${content}`, 'latin1'))
}
