import type { Sign as SignName } from '../state/story.logic.ts'

const shapes = {
  slot: <path d="M6 .9 11.1 6 6 11.1.9 6z" fill="currentColor" />,
  cold: <path d="M6 1.6 10.6 10H1.4z" fill="currentColor" />,
  reclaimed: <path d="M2 3.2v3.4h7.4M7 4.2l2.6 2.4L7 9" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />,
  evicted: <path d="m2.6 2.6 6.8 6.8M9.4 2.6 2.6 9.4" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
  reaped: <circle cx="6" cy="6" r="3.6" fill="var(--surface)" stroke="currentColor" strokeWidth="1.8" />,
  failed: (
    <>
      <path d="M6 1.1 11.3 10.4H.7z" fill="currentColor" stroke="currentColor" strokeWidth="1" strokeLinejoin="round" />
      <path d="M6 4.3v2.9" stroke="var(--surface)" strokeWidth="1.3" strokeLinecap="round" />
      <circle cx="6" cy="9" r=".75" fill="var(--surface)" />
    </>
  ),
}

/** The shape of what happened; a word stands beside it, or it is in a named picture. */
export function Sign({ sign }: { sign: Exclude<SignName, 'other'> }) {
  return (
    <svg className={`sign ${sign}`} viewBox="0 0 12 12" aria-hidden="true">
      {shapes[sign]}
    </svg>
  )
}
