/** The part of `fetch` that is used, in browsers, React Native and Node.js. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>
