import { Button } from '../../parts/buttons/button.tsx'
import { frameWords } from '../../words/frame.ts'
import { useNative } from '../house/contexts.ts'
import { Bare } from './bare.tsx'

export function MismatchPage({ page, engine }: { page: string; engine: string }) {
  const words = frameWords.mismatch
  const native = useNative()
  return (
    <Bare title={words.title}>
      <h2>{words.heading}</h2>
      <dl className="facts"><dt>{words.page}</dt><dd>{page}</dd><dt>{words.engine}</dt><dd>{engine}</dd></dl>
      <p>{native.kind === 'electron' ? words.shell : words.next}</p>
      <div className="or"><Button kind="primary" safe onClick={() => location.reload()}>{words.reload}</Button></div>
    </Bare>
  )
}
