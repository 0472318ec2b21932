/** One number of a family; `suffix` is `_bucket`, `_sum` or `_count` of a histogram. */
export interface Sample { readonly labels: Readonly<Record<string, string>>; readonly value: number; readonly suffix?: string }

/** What Prometheus calls a metric family: one name, one meaning, one number for each set of labels. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

/**
 * Prometheus' text format 0.0.4: HELP and TYPE before the samples of a family, one sample a line, `\`, quotes and line
 * ends escaped in label values, a line feed at the end.
 */
export function exposition(families: readonly Family[]): string {
  return families.map(({ name, help, type, samples }) => `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${samples.map((it) => line(name, it)).join('')}`).join('')
}

function line(name: string, { labels, value, suffix = '' }: Sample): string {
  const inside = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`).join(',')
  return `${name}${suffix}${inside === '' ? '' : `{${inside}}`} ${number(value)}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function number(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
