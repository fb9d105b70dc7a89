/** Something that a test holds back until it says so. */
export interface Gate {
  /** Resolves when the gate is opened. */
  readonly passed: Promise<void>
  open (): void
}

export function gate (): Gate {
  let open = () => {}
  const passed = new Promise<void>(resolve => { open = resolve })
  return { passed, open: () => { open() } }
}
