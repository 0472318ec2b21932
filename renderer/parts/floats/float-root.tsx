import { useState, type ReactNode } from 'react'
import { FloatHost } from './within.ts'

/** Around all parts: gives menus, lists and tips their place at the end of the page. */
export function FloatRoot({ children }: { children: ReactNode }) {
  const [host, setHost] = useState<HTMLElement | null>(null)
  return <FloatHost value={host}>{children}<section ref={setHost} aria-label="Menus" /></FloatHost>
}
