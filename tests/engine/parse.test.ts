import { expect, test } from 'vitest'
import { parse } from '../../src/engine/parse.js'

test.each([
  "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'",
  "PREDICT vector AT now() + INTERVAL '7 days' FROM words FOR ENTITY $1 USING neural_ode, linear",
  "PREDICT vector AT HORIZON 10 STEP INTERVAL '1 year' FOR EACH ENTITY FROM words WHERE attributes.topic = 'environment'",
  "PREDICT vector AT $2 FOR ENTITY $1 CONTEXT UNTIL $3 WITH (fallback = 'error')",
  "SELECT timestamp, vector FROM words FOR ENTITY 'climate' BETWEEN '1990-01-01' AND '2000-01-01'",
  "SELECT entity, vector FROM words AS OF '1960-12-31' WHERE entity IN ('climate', 'change')",
  "EXPLAIN ANALYZE PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'",
])('%s', (text) => {
  expect(parse(text)).toMatchObject({ start: 0, end: text.length })
})
