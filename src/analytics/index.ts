export type * from './analytics.js'
export { type AnalyticsOptions, createAnalytics } from './create-analytics.js'
