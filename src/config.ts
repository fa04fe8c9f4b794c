/** What one database is opened with: a TOML file or an object of its shape, checked, with every default filled in. */
export interface Config {
  /** The file, or `the configuration object`: for messages. */
  readonly source: string
  readonly storage: StorageConfig
  /** For collections without settings of their own. */
  readonly analytics: AnalyticsConfig
  /** `[analytics.collection.<name>]`, each whole: what it does not say is `[analytics]`'s. */
  readonly collections: ReadonlyMap<string, AnalyticsConfig>
}

export interface StorageConfig {
  /** Absolute, or `:memory:`; undefined when the app's connection is given. */
  readonly path: string | undefined
  readonly readonly: boolean
  readonly memoryLimitBytes: number
  readonly durability: 'normal' | 'full'
  readonly busyTimeoutMs: number
  readonly migrate: 'auto' | 'manual'
}

export interface AnalyticsConfig {
  /** Undefined is a third answer: model files stay off, models of the database serve. */
  readonly neuralOde: boolean | undefined
  /** Absolute. */
  readonly modelPath: string | undefined
  /** 64 lower-case hexadecimal digits. */
  readonly modelSha256: string | undefined
  readonly method: string | undefined
  readonly fallback: string
  /** Undefined: the model card's, else 64. */
  readonly context: number | undefined
  readonly device: 'auto' | 'cpu' | 'cuda'
  /** 0: Chronode chooses. */
  readonly threads: number
  readonly timeoutMs: number
}
