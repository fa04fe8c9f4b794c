import { describe, expect, test } from 'vitest'
import { parse } from '../../src/engine/syntax/parse.js'
import { QuerySyntaxError } from '../../src/errors.js'

/** A query of one line, the carets below it, the message, and what is suggested instead. */
type Mistake = readonly [query: string, carets: string, message: string, suggestions?: readonly string[]]

// biome-ignore format: the carets stand below what they mean
const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  'the beginning': [
    [
      '',
      '^',
      "The query is empty. Write a statement, such as PREDICT vector AT '2030-12-31' FOR ENTITY 'id'.",
    ],
    [
      "PREDCIT vector AT '2030' FOR ENTITY 'a'",
      '^^^^^^^',
      'Expected PREDICT, SELECT, NEAREST, SHOW, DESCRIBE or EXPLAIN; found PREDCIT. Did you mean PREDICT?',
      ['PREDICT'],
    ],
    [
      'INSERT INTO words VALUES (1)',
      '^^^^^^',
      'Queries only read. Write with createCollection(), insert(), setAttributes(), delete() and dropCollection().',
    ],
    [
      'BACKTEST PREDICT HORIZON 1d',
      '^^^^^^^^',
      'BACKTEST is not in this version of Chronode, which has PREDICT, SELECT, NEAREST, SHOW, DESCRIBE and EXPLAIN.',
    ],
    [
      'climate',
      '^^^^^^^',
      'Expected PREDICT, SELECT, NEAREST, SHOW, DESCRIBE or EXPLAIN; found climate.',
    ],
    [
      'EXPLAIN ANALYSE SELECT *',
      '        ^^^^^^^',
      'Expected ANALYZE, PREDICT, SELECT, NEAREST, SHOW or DESCRIBE after EXPLAIN; found ANALYSE. Did you mean ANALYZE?',
      ['ANALYZE'],
    ],
    [
      'EXPLAIN EXPLAIN SELECT *',
      '        ^^^^^^^',
      'Expected ANALYZE, PREDICT, SELECT, NEAREST, SHOW or DESCRIBE after EXPLAIN; found EXPLAIN.',
    ],
  ],
  'what is predicted, and when': [
    [
      "PREDICT AT '2030' FOR ENTITY 'a'",
      '        ^^',
      "PREDICT needs columns before AT: PREDICT vector AT '2030-12-31' FOR ENTITY 'id'.",
      ['vector AT', '* AT'],
    ],
    [
      "PREDICT FOR ENTITY 'a'",
      '        ^^^',
      'Expected a column of the prediction, such as vector, or *; found FOR.',
    ],
    [
      "PREDICT vector '2030' FOR ENTITY 'a'",
      '               ^^^^^^',
      `Expected "," or AT after the columns of PREDICT; found '2030'.`,
    ],
    [
      "PREDICT vector ATT '2030' FOR ENTITY 'a'",
      '               ^^^',
      'Expected "," or AT after the columns of PREDICT; found ATT. Did you mean AT?',
      ['AT'],
    ],
    [
      'PREDICT vector',
      '              ^',
      "Expected AT and a time: PREDICT vector AT '2030-12-31' FOR ENTITY 'id'; found the end of the query.",
    ],
    [
      "PREDICT vector FROM words AT '2030' FOR ENTITY 'a'",
      '               ^^^^',
      "AT and its time come first, before FROM: PREDICT vector AT '2030-12-31' FOR ENTITY 'id'.",
    ],
    [
      "PREDICT vector AT FOR ENTITY 'a'",
      '                  ^^^',
      "Expected a time after AT: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter; found FOR.",
    ],
    [
      "PREDICT vector AT '2030', '2040' FOR ENTITY 'a'",
      '                        ^',
      "Several times stand in parentheses: AT ('2030', '2040').",
    ],
    [
      "PREDICT vector AT ('2030' '2040') FOR ENTITY 'a'",
      '                          ^^^^^^',
      `Expected "," or ")" in the list of times; found '2040'.`,
    ],
    [
      "PREDICT vector AT ('2030', ) FOR ENTITY 'a'",
      '                           ^',
      `Expected a time: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter; found ")".`,
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' AT '2020'",
      '                                              ^^',
      "PREDICT has one AT. Several times stand in parentheses: AT ('2030', '2040').",
    ],
  ],
  'times and spans': [
    [
      "PREDICT vector AT 2030-12-31 FOR ENTITY 'a'",
      '                  ^^^^^^^^^^',
      "2030-12-31 is a date without quotes, and would be read as a subtraction. Write '2030-12-31'; a real subtraction has spaces around its minus.",
      ["'2030-12-31'"],
    ],
    [
      'SELECT * WHERE timestamp > 2030-12',
      '                           ^^^^^^^',
      "2030-12 is a date without quotes, and would be read as a subtraction. Write '2030-12'; a real subtraction has spaces around its minus.",
      ["'2030-12'"],
    ],
    [
      'SELECT * AS OF 2030/12/31',
      '               ^^^^^^^^^^',
      "2030/12/31 is a date without quotes, and would be read as a subtraction. Write '2030-12-31'; a real subtraction has spaces around its minus.",
      ["'2030-12-31'"],
    ],
    [
      `PREDICT vector AT "2030-12-31" FOR ENTITY 'a'`,
      '                  ^^^^^^^^^^^^',
      `Expected a time after AT; found "2030-12-31". Double quotes are for names; text is written '2030-12-31'.`,
      ["'2030-12-31'"],
    ],
    [
      "PREDICT vector AT tomorrow FOR ENTITY 'a'",
      '                  ^^^^^^^^',
      "Expected a time after AT: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter; found tomorrow.",
    ],
    [
      "PREDICT vector AT latst FOR ENTITY 'a'",
      '                  ^^^^^',
      "Expected a time after AT: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter; found latst. Did you mean LATEST?",
      ['LATEST'],
    ],
    [
      "PREDICT vector AT now + 7d FOR ENTITY 'a'",
      '                  ^^^',
      'The present is written with parentheses: now().',
      ['now()'],
    ],
    [
      'SELECT now(1)',
      '           ^',
      'Expected ")": now() takes nothing; found 1.',
    ],
    [
      "PREDICT vector AT 7d FOR ENTITY 'a'",
      '                  ^^',
      'Expected a time after AT; found a span of time. Say from when: now() + 7d.',
    ],
    [
      "PREDICT vector AT now() + 7 FOR ENTITY 'a'",
      '                          ^',
      "Expected a span of time to add or subtract; found 7 without a unit. Write for instance 7d or INTERVAL '7 months'.",
      ['7d', "INTERVAL '7 months'"],
    ],
    [
      "PREDICT vector AT now() + INTERVAL 7 days FOR ENTITY 'a'",
      '                                   ^^^^^^',
      "INTERVAL takes text: INTERVAL '7 days'.",
      ["'7 days'"],
    ],
    [
      "PREDICT vector AT now() + INTERVAL FOR ENTITY 'a'",
      '                                   ^^^',
      "Expected text such as '1 month', or a parameter, after INTERVAL; found FOR.",
    ],
    [
      "PREDICT vector AT FROM '2030' TO '2040' FOR ENTITY 'a'",
      '                                        ^^^',
      'Expected STEP and the span between two times, such as STEP 1d; found FOR.',
    ],
    [
      "PREDICT vector AT FROM '2030' UNTIL '2040' STEP 1d FOR ENTITY 'a'",
      '                              ^^^^^',
      'Expected TO and the end of the grid; found UNTIL.',
    ],
    [
      "PREDICT vector AT BETWEEN '2030' TO '2040' STEP 1d FOR ENTITY 'a'",
      '                                 ^^',
      'Expected AND and the end of the grid; found TO.',
    ],
    [
      "PREDICT vector AT HORIZON 10 FOR ENTITY 'a'",
      '                             ^^^',
      'Expected STEP and the span of one step, such as STEP 1d; found FOR.',
    ],
    [
      "PREDICT vector AT HORIZON 1d STEP 1d FOR ENTITY 'a'",
      '                          ^^',
      'Expected a whole number of steps, or a parameter, after HORIZON; found 1d.',
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP 1 day FOR ENTITY 'a'",
      '                                 ^^^^^',
      "Expected a span of time after STEP; found 1 day. Write 1d or INTERVAL '1 day'.",
      ['1d', "INTERVAL '1 day'"],
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP 2 months FOR ENTITY 'a'",
      '                                 ^^^^^^^^',
      "Expected a span of time after STEP; found 2 months. Write INTERVAL '2 months'.",
      ["INTERVAL '2 months'"],
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP '1 day' FOR ENTITY 'a'",
      '                                 ^^^^^^^',
      "Expected a span of time after STEP; found text. A span is written INTERVAL '1 day'.",
      ["INTERVAL '1 day'"],
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP 10days FOR ENTITY 'a'",
      '                                 ^^^^^^',
      "The units that touch a number are ms, s, m, h, d and w. With days it is written INTERVAL '10 days'.",
      ["INTERVAL '10 days'"],
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP 10x FOR ENTITY 'a'",
      '                                 ^^^',
      '10x is neither a number nor a span of time, such as 10d; the units are ms, s, m, h, d and w.',
    ],
    [
      "PREDICT vector AT HORIZON 9 STEP day FOR ENTITY 'a'",
      '                                 ^^^',
      "Expected a span of time after STEP, such as 10d or INTERVAL '1 month'; found day.",
    ],
  ],
  'entities': [
    [
      "PREDICT vector AT '2030'",
      '                        ^',
      "Expected FOR ENTITY 'id', FOR ENTITIES ('a', 'b') or FOR EACH ENTITY, which PREDICT cannot do without; found the end of the query.",
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITTY 'a'",
      '                             ^^^^^^^',
      'Expected ENTITY, ENTITIES or EACH ENTITY after FOR; found ENTITTY. Did you mean ENTITY?',
      ['ENTITY'],
    ],
    [
      "PREDICT vector AT '2030' FOR 'climate'",
      '                             ^^^^^^^^^',
      "Expected ENTITY before the id; found 'climate'. Write FOR ENTITY 'climate'.",
      ["ENTITY 'climate'"],
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY climate",
      '                                    ^^^^^^^',
      "Expected the id of an entity as text, or a parameter, after ENTITY; found climate. Text is written in single quotes: 'climate'.",
      ["'climate'"],
    ],
    [
      `PREDICT vector AT '2030' FOR ENTITY "climate"`,
      '                                    ^^^^^^^^^',
      `Expected the id of an entity as text, or a parameter, after ENTITY; found "climate". Double quotes are for names; text is written 'climate'.`,
      ["'climate'"],
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'a', 'b'",
      '                                       ^',
      "ENTITY takes one id. For several write FOR ENTITIES ('a', 'b').",
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY ('a', 'b')",
      '                                    ^',
      'ENTITY takes one id. For a list of them write ENTITIES.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITIES 'a', 'b'",
      '                                      ^^^',
      `Expected "(" and the ids, or a parameter that holds a list, after ENTITIES; found 'a'.`,
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITIES ()",
      '                                       ^',
      'Expected the id of an entity as text, or a parameter; found ")".',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITIES ('a' 'b')",
      '                                           ^^^',
      `Expected "," or ")" in the list of entities; found 'b'.`,
    ],
    [
      'SELECT * FOR EACH',
      '                 ^',
      'Expected ENTITY after FOR EACH; found the end of the query.',
    ],
  ],
  'clauses': [
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WHER entity = $1",
      '                                              ^^^^',
      'Expected a clause of PREDICT (FOR, FROM, WHERE, CONTEXT, USING, WITH, ORDER BY, LIMIT) or the end of the query; found WHER. Did you mean WHERE?',
      ['WHERE'],
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' words",
      '                                              ^^^^^',
      'Expected a clause of PREDICT (FOR, FROM, WHERE, CONTEXT, USING, WITH, ORDER BY, LIMIT) or the end of the query; found words.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' FOR ENTITY 'b'",
      '                                              ^^^',
      'This statement already has FOR; each clause is given once.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' FROM words FROM words",
      '                                                         ^^^^',
      'This statement already has FROM; each clause is given once.',
    ],
    [
      "SELECT * AS OF '2030' AS OF '2031'",
      '                      ^^',
      'This statement already has AS OF; each clause is given once.',
    ],
    [
      'SELECT * ORDER BY entity ORDER BY timestamp',
      '                         ^^^^^',
      'This statement already has ORDER BY; each clause is given once.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' AS OF '2020'",
      '                                              ^^',
      'PREDICT has no AS OF. To predict from what was known at a time, write CONTEXT UNTIL and the time.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' LAST 5",
      '                                              ^^^^',
      'In PREDICT a range stands directly behind CONTEXT: either BETWEEN t AND u, or LAST n, SINCE t and UNTIL u, one behind another.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' CONTEXT 5",
      '                                                      ^',
      'Expected BETWEEN, LAST, SINCE or UNTIL after CONTEXT; found 5.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' USING",
      '                                                   ^',
      'Expected MODEL or the name of a method after USING; found the end of the query.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' USING FROM words",
      '                                                    ^^^^',
      'Expected MODEL or the name of a method after USING; found FROM.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' USING MODEL best",
      '                                                          ^^^^',
      "Expected the name of a model as text, or a parameter, after MODEL; found best. Text is written in single quotes: 'best'.",
      ["'best'"],
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WITH fallback = 1",
      '                                                   ^^^^^^^^',
      `Expected "(" and options after WITH, such as WITH (fallback = 'last'); found fallback.`,
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WITH (fallback = last)",
      '                                                               ^^^^',
      "Expected a value; found last. Text is written in single quotes: 'last'.",
      ["'last'"],
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WITH (fallback)",
      '                                                            ^',
      'Expected "=" and a value after the option fallback; found ")".',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WITH (fallback = 'a', fallback = 'b')",
      '                                                                    ^^^^^^^^',
      'The option fallback is given twice.',
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate' WITH (fallback = 'a'",
      '                                                                  ^',
      'Expected "," or ")" in the options; found the end of the query.',
    ],
    [
      'SELECT * LAST 5 LAST 6',
      '                ^^^^',
      'This statement already has LAST; each clause is given once.',
    ],
    [
      "SELECT * BETWEEN '2030' AND '2031' LAST 5",
      '                                   ^^^^',
      'This statement already has a range of time. It is either BETWEEN t AND u, or LAST n, SINCE t and UNTIL u, one behind another.',
    ],
    [
      "SELECT * BETWEEN '2030'",
      '                       ^',
      'Expected AND and the end of the range; found the end of the query.',
    ],
    [
      'SELECT * LAST 5 days',
      '              ^^^^^^',
      "Expected a count or a span of time after LAST; found 5 days. Write 5d or INTERVAL '5 days'.",
      ['5d', "INTERVAL '5 days'"],
    ],
    [
      'SELECT * LAST days',
      '              ^^^^',
      'Expected a whole number, a span of time or a parameter after LAST; found days.',
    ],
    [
      'SELECT * SINCE',
      '              ^',
      "Expected a time after SINCE: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter; found the end of the query.",
    ],
    [
      "SELECT * AS '2030'",
      '            ^^^^^^',
      "Expected OF and a time after AS; found '2030'.",
    ],
    [
      "SELECT * AT '2030'",
      '         ^^',
      'SELECT has no AT. For what held at a time write AS OF and the time; for a prediction begin with PREDICT.',
    ],
    [
      'SELECT * CONTEXT LAST 5',
      '         ^^^^^^^',
      'SELECT has no CONTEXT. Write its range without that word: LAST 10, SINCE t, UNTIL t, BETWEEN t AND u.',
    ],
    [
      'SELECT * USING linear',
      '         ^^^^^',
      'SELECT has no USING; it reads what is stored. To predict, begin with PREDICT.',
    ],
    [
      'SELECT * WITH (a = 1)',
      '         ^^^^',
      'SELECT has no WITH. Options belong to PREDICT.',
    ],
    [
      'SELECT * HAVING a',
      '         ^^^^^^',
      'HAVING stands directly behind GROUP BY entity. Conditions on single observations are WHERE.',
    ],
    [
      'SELECT * GROUP entity',
      '               ^^^^^^',
      'Expected BY after GROUP; found entity.',
    ],
    [
      'SELECT count(*) GROUP BY timestamp',
      '                         ^^^^^^^^^',
      'Expected entity after GROUP BY, the only thing that rows are grouped by; found timestamp. For groups in time write SAMPLE BY.',
    ],
    [
      'SELECT count(*) GROUP BY',
      '                        ^',
      'Expected entity after GROUP BY, the only thing that rows are grouped by; found the end of the query. For groups in time write SAMPLE BY.',
    ],
    [
      'SELECT count(*) GROUP BY entity, timestamp',
      '                               ^',
      'GROUP BY takes entity alone. For groups in time add SAMPLE BY.',
    ],
    [
      'SELECT count(*) GROUP BY entity GROUP BY entity',
      '                                ^^^^^',
      'This statement already has GROUP BY; each clause is given once.',
    ],
    [
      'SELECT * SAMPLE 1d',
      '                ^^',
      'Expected BY and the length of a bucket after SAMPLE; found 1d.',
    ],
    [
      'SELECT * SAMPLE BY day',
      '                   ^^^',
      "Expected a span of time after SAMPLE BY, such as 10d or INTERVAL '1 month'; found day.",
    ],
    [
      'SELECT * SAMPLE BY 1 month',
      '                   ^^^^^^^',
      "Expected a span of time after SAMPLE BY; found 1 month. Write INTERVAL '1 month'.",
      ["INTERVAL '1 month'"],
    ],
    [
      'SELECT * SAMPLE BY 1d FILL linear',
      '                           ^^^^^^',
      'Expected "(" and one of NONE, NULL, PREVIOUS, LINEAR, PREDICT after FILL; found linear.',
    ],
    [
      'SELECT * SAMPLE BY 1d FILL (prev)',
      '                            ^^^^',
      'Expected one of NONE, NULL, PREVIOUS, LINEAR, PREDICT in FILL; found prev.',
    ],
    [
      'SELECT * SAMPLE BY 1d FILL (lineer)',
      '                            ^^^^^^',
      'Expected one of NONE, NULL, PREVIOUS, LINEAR, PREDICT in FILL; found lineer. Did you mean LINEAR?',
      ['LINEAR'],
    ],
    [
      'SELECT * SAMPLE BY 1d FILL (linear',
      '                                  ^',
      'Expected ")" after what buckets are filled with; found the end of the query.',
    ],
    [
      'SELECT * FILL (linear)',
      '         ^^^^',
      'FILL stands directly behind SAMPLE BY and its span: SAMPLE BY 1d FILL (linear).',
    ],
    [
      'SELECT entity FROM words OFFSET 5',
      '                         ^^^^^^',
      'OFFSET stands directly behind LIMIT and its number: LIMIT 10 OFFSET 5.',
    ],
    [
      'SELECT * SAMPLE BY 1d SAMPLE BY 2d',
      '                      ^^^^^^',
      'This statement already has SAMPLE BY; each clause is given once.',
    ],
    [
      "PREDICT vector AT '2030' FOR EACH ENTITY SAMPLE BY 1d",
      '                                         ^^^^^^',
      'PREDICT has no SAMPLE BY. Several moments are a grid: AT FROM t TO u STEP 1d.',
    ],
    [
      "PREDICT vector AT '2030' FOR EACH ENTITY GROUP BY entity",
      '                                         ^^^^^',
      'PREDICT has no GROUP BY: it gives one row an entity and time.',
    ],
    [
      'SELECT * ORDER entity',
      '               ^^^^^^',
      'Expected BY after ORDER; found entity.',
    ],
    [
      'SELECT * LIMIT -1',
      '               ^^',
      'Expected a whole number, zero or more, or a parameter after LIMIT; found -1.',
    ],
    [
      'SELECT * LIMIT 1.5',
      '               ^^^',
      'Expected a whole number, zero or more, or a parameter after LIMIT; found 1.5.',
    ],
    [
      'SELECT * LIMIT all',
      '               ^^^',
      'Expected a whole number, zero or more, or a parameter after LIMIT; found all.',
    ],
    [
      'SELECT * LIMIT 5 OFFSET',
      '                       ^',
      'Expected a whole number, zero or more, or a parameter after OFFSET; found the end of the query.',
    ],
    [
      'SHOW TABLES',
      '     ^^^^^^',
      'Expected COLLECTIONS, MODELS, PREDICTORS or SETTINGS after SHOW; found TABLES.',
    ],
    [
      'SHOW COLECTIONS',
      '     ^^^^^^^^^^',
      'Expected COLLECTIONS, MODELS, PREDICTORS or SETTINGS after SHOW; found COLECTIONS. Did you mean COLLECTIONS?',
      ['COLLECTIONS'],
    ],
    [
      'SHOW BACKTESTS',
      '     ^^^^^^^^^',
      'SHOW BACKTESTS is not in this version of Chronode.',
    ],
    [
      'DESCRIBE words',
      '         ^^^^^',
      'Expected COLLECTION, MODEL or ENTITY after DESCRIBE; found words. For a collection write DESCRIBE COLLECTION words.',
      ['COLLECTION words'],
    ],
    [
      'DESCRIBE TABLE words',
      '         ^^^^^',
      'Expected COLLECTION, MODEL or ENTITY after DESCRIBE; found TABLE.',
    ],
    [
      'DESCRIBE COLLECTION FROM words',
      '                    ^^^^',
      'Expected a name, text or a parameter after COLLECTION; found FROM.',
    ],
  ],
  'names': [
    [
      'SELECT FROM words',
      '       ^^^^',
      'Expected columns after SELECT, such as entity, timestamp, vector, or *; found FROM.',
    ],
    [
      'SELECT *, vector FROM words',
      '        ^',
      '* stands alone: it is all columns.',
    ],
    [
      'SELECT vector v FROM words',
      '              ^',
      'Expected "," or a clause behind the columns; found v. Another name for a column is written AS v.',
      ['AS v'],
    ],
    [
      'SELECT vector AS FROM words',
      '                 ^^^^',
      'Expected a name after AS; found FROM.',
    ],
    [
      'SELECT vector FORM words',
      '              ^^^^',
      'Expected a clause of SELECT (FOR, FROM, AS OF, BETWEEN, LAST, SINCE, UNTIL, SAMPLE BY, WHERE, GROUP BY, ORDER BY, LIMIT) or the end of the query; found FORM. Did you mean FOR or FROM?',
      ['FOR', 'FROM'],
    ],
    [
      "SELECT vector FROM 'words'",
      '                   ^^^^^^^',
      'Expected the name of a collection after FROM; found text. A name stands without quotes or in double ones: "words".',
      ['"words"'],
    ],
    [
      'SELECT vector FROM $1',
      '                   ^^',
      'Expected the name of a collection after FROM; found $1. A parameter cannot be a name.',
    ],
    [
      'SELECT vector FROM a, b',
      '                    ^',
      'A statement reads one collection. Ask a second one for the other.',
    ],
    [
      'SELECT vector FROM',
      '                  ^',
      'Expected the name of a collection after FROM; found the end of the query.',
    ],
    [
      'SELECT vector FROM WHERE a = 1',
      '                   ^^^^^',
      'Expected the name of a collection after FROM; found WHERE.',
    ],
    [
      'SELECT words.vector FROM words',
      '            ^',
      'A column has no parts; found "." after words. Only payload and attributes have them.',
    ],
    [
      'SELECT payload. FROM words',
      '                     ^^^^^',
      'Expected "," or a clause behind the columns; found words. Another name for a column is written AS words.',
      ['AS words'],
    ],
    [
      'SELECT * WHERE order = 1',
      '               ^^^^^',
      'Expected a value, a column or a function; found order. As the name of a column it is written "order".',
      ['"order"'],
    ],
    [
      'SELECT "" FROM words',
      '       ^^',
      "A name cannot be empty. Empty text is written in single quotes: ''.",
    ],
    [
      'SELECT "vector FROM words',
      '       ^',
      'This name is not closed. End it with ".',
    ],
    [
      'SELECT größe FROM words',
      '         ^',
      'The character ö has no meaning here. A name with other letters than a to z is written in double quotes, text in single ones.',
    ],
  ],
  'expressions': [
    [
      'SELECT * WHERE',
      '              ^',
      'Expected a value, a column or a function; found the end of the query.',
    ],
    [
      'SELECT * WHERE a =',
      '                  ^',
      'Expected a value, a column or a function; found the end of the query.',
    ],
    [
      'SELECT vector,, entity',
      '              ^',
      'Expected a value, a column or a function; found ",".',
    ],
    [
      'SELECT * WHERE a < b < c',
      '                     ^',
      'Comparisons do not chain. Join two of them with AND, or put one in parentheses.',
    ],
    [
      'SELECT * WHERE a = b IS NULL',
      '                     ^^',
      'Comparisons do not chain. Join two of them with AND, or put one in parentheses.',
    ],
    [
      'SELECT * WHERE a IS b',
      '                    ^',
      'Expected NULL or NOT NULL after IS; found b.',
    ],
    [
      'SELECT * WHERE a NOT b',
      '                     ^',
      'Expected IN, LIKE or BETWEEN after NOT; found b.',
    ],
    [
      "SELECT * WHERE a IN 'x'",
      '                    ^^^',
      `Expected "(" and a list, or a parameter that holds one, after IN; found 'x'.`,
    ],
    [
      "SELECT * WHERE a IN ('x'",
      '                        ^',
      'Expected "," or ")" in the list; found the end of the query.',
    ],
    [
      'SELECT * WHERE a BETWEEN 1',
      '                          ^',
      'Expected AND and the upper end after BETWEEN; found the end of the query.',
    ],
    [
      'SELECT * WHERE (a = 1',
      '                     ^',
      'Expected an operator or ")"; found the end of the query.',
    ],
    [
      'SELECT * WHERE a = 1)',
      '                    ^',
      'There is nothing open that this ")" could close.',
    ],
    [
      'SELECT norm(vector FROM words',
      '                   ^^^^',
      'Expected "," or ")" in the arguments; found FROM.',
    ],
    [
      'SELECT [1, x]',
      '           ^',
      'Expected a number of the vector; found x.',
    ],
    [
      'SELECT [1 2]',
      '          ^',
      'Expected "," or "]" in the vector; found 2.',
    ],
    [
      'SELECT 1e999',
      '       ^^^^^',
      'This number is greater than a double can hold, about 1.8e308.',
    ],
  ],
  'characters': [
    [
      "SELECT * WHERE entity == 'a'",
      '                      ^^',
      'Equality is written =.',
      ['='],
    ],
    [
      'SELECT * WHERE a = 1 && b = 2',
      '                     ^^',
      'Conditions that must both hold are joined by AND.',
      ['AND'],
    ],
    [
      'SELECT * WHERE a = 1 || b = 2',
      '                     ^^',
      'Conditions of which one must hold are joined by OR; texts are not joined here.',
      ['OR'],
    ],
    [
      'SELECT * WHERE !a',
      '               ^',
      'The opposite of a condition is written NOT.',
      ['NOT'],
    ],
    [
      'SELECT * WHERE a = ?',
      '                   ^',
      'A parameter is written $1 or :name.',
    ],
    [
      'SELECT * WHERE a = @b',
      '                   ^',
      'A parameter is written $1 or :name.',
    ],
    [
      'SELECT * WHERE a = $b',
      '                   ^^',
      'A parameter with a name is written :b, one with a number $1.',
      [':b'],
    ],
    [
      'SELECT * WHERE a = $0',
      '                   ^^',
      'Parameters are numbered from $1 to $65535, or have names: :name.',
    ],
    [
      'SELECT * WHERE a = : b',
      '                   ^',
      'A parameter is written :name or $1.',
    ],
    [
      'SELECT * WHERE a = $1 AND b = :b',
      '                              ^^',
      'This query already has parameters with numbers; :b is one of the other kind. Use either $1, $2, ... or :name.',
    ],
    [
      'SELECT * WHERE a = :a AND b = $1',
      '                              ^^',
      'This query already has parameters with names; $1 is one of the other kind. Use either $1, $2, ... or :name.',
    ],
    [
      'SELECT * WHERE a = ‘x’',
      '                   ^',
      "Text is written in straight single quotes: 'text'.",
      ["'"],
    ],
    [
      'SELECT * WHERE a = “x”',
      '                   ^',
      `Names are written in straight double quotes: "name"; text in single ones: 'text'.`,
      ['"', "'"],
    ],
    [
      'SELECT * # all',
      '         ^',
      'A comment is written -- to the end of the line, or /* between these */.',
      ['--'],
    ],
    [
      'SELECT a % b',
      '         ^',
      'The character % has no meaning here.',
    ],
    [
      "SELECT '2030 FROM words",
      '       ^',
      "This text is not closed. End it with '; inside of text a ' is written twice: 'it''s'.",
    ],
    [
      "SELECT * WHERE entity = 'it's'",
      '                            ^',
      "Expected a clause of SELECT (FOR, FROM, AS OF, BETWEEN, LAST, SINCE, UNTIL, SAMPLE BY, WHERE, GROUP BY, ORDER BY, LIMIT) or the end of the query; found s. The ' before it ended a text; inside of text it is written twice: ''.",
    ],
    [
      'SELECT * /* FROM words',
      '         ^^',
      'This comment is not closed. End it with */.',
    ],
  ],
  'what other SQL has': [
    [
      'SELECT DISTINCT entity',
      '       ^^^^^^^^',
      'There is no DISTINCT. One row an entity is GROUP BY entity: SELECT entity, count(*) GROUP BY entity.',
    ],
    [
      'SELECT count(distinct entity)',
      '             ^^^^^^^^',
      'There is no DISTINCT. One row an entity is GROUP BY entity: SELECT entity, count(*) GROUP BY entity.',
    ],
    [
      'SELECT CASE WHEN entity = 1 THEN 2 END',
      '       ^^^^',
      'There is no CASE. Choose rows by WHERE, a statement for each case, or tell them apart in the app.',
    ],
    [
      'SELECT CAST(payload.n AS int)',
      '       ^^^^',
      'There is no CAST. Members of payload and attributes are taken as they are: a number, text, true, false.',
    ],
    [
      'SELECT entity WHERE EXISTS (SELECT *)',
      '                    ^^^^^^',
      'There is no EXISTS, and no statement inside of another. Ask the inner one first, and pass what it answers as a parameter: IN $1.',
    ],
    [
      'SELECT coalesce(payload.n, 0)',
      '       ^^^^^^^^',
      'There is no COALESCE. Choose rows by IS NULL, or replace what is missing in the app.',
    ],
    [
      'SELECT TOP 5 entity',
      '       ^^^',
      'There is no TOP. Write LIMIT n behind the other clauses.',
    ],
    [
      'SELECT * FETCH FIRST 5 ROWS ONLY',
      '         ^^^^^',
      'There is no FETCH. Write LIMIT n behind the other clauses.',
    ],
    [
      'SELECT entity UNION SELECT entity',
      '              ^^^^^',
      'There is no UNION. Ask each in a call of its own, and put their rows together in the app.',
    ],
    [
      'SELECT * FROM words JOIN others',
      '                    ^^^^',
      'A statement reads one collection. Ask a second one for the other, or join both in SQL of your own with the functions of docs/embedding.md.',
    ],
    [
      'SELECT * LIMIT 2, 3',
      '                ^',
      'LIMIT takes the number of rows alone. To leave out the first 2 write LIMIT 3 OFFSET 2.',
      ['LIMIT 3 OFFSET 2'],
    ],
    [
      'NEAREST 5 TO [1] LIMIT $1,',
      '                         ^',
      'LIMIT takes the number of rows alone. To leave out the first $1 write LIMIT n OFFSET $1.',
      ['LIMIT n OFFSET $1'],
    ],
    [
      'SELECT payload.list.0.x',
      '                   ^^',
      'An item of a list is a member with a number for its name: payload.list."0".',
      ['payload.list."0"'],
    ],
    [
      "SELECT payload.a['b c'] FROM words",
      '                ^^^^^^^',
      'A member is written behind a dot: payload.a."b c".',
      ['payload.a."b c"'],
    ],
    [
      "SELECT payload->>'n'",
      '              ^^',
      'A member of payload or attributes is written behind a dot: payload.name.',
      ['.'],
    ],
    [
      "SELECT entity WHERE entity ILIKE 'A%'",
      '                           ^^^^^',
      'There is no ILIKE. LIKE tells capitals from small letters; several ways of writing are joined by OR.',
    ],
    [
      'SELECT attributes[ 12 ]',
      '                 ^^^^^^',
      'An item of a list is a member with a number for its name: attributes."12".',
      ['attributes."12"'],
    ],
  ],
  'the end': [
    [
      "PREDICT vector AT '2030'; FOR ENTITY 'a'",
      '                        ^',
      `Expected FOR ENTITY 'id', FOR ENTITIES ('a', 'b') or FOR EACH ENTITY, which PREDICT cannot do without; found ";".`,
    ],
    [
      "PREDICT vector AT '2030' FOR ENTITY 'climate'; PREDICT vector AT '2030' FOR ENTITY 'climate'",
      '                                               ^^^^^^^',
      'A call takes one statement; another one begins here. Ask it in a call of its own.',
    ],
    [
      'SHOW MODELS;;',
      '            ^',
      'A call takes one statement; another one begins here. Ask it in a call of its own.',
    ],
    [
      'SHOW COLLECTIONS LIMIT 5',
      '                 ^^^^^',
      'Expected the end of the query; found LIMIT.',
    ],
  ],
}

describe.each(Object.entries(MISTAKES))('mistakes in %s', (_, mistakes) => {
  test.each(mistakes.map((mistake) => ({ mistake, query: mistake[0] })))('$query', ({ mistake: [query, carets, message, suggestions = []] }) => {
    const error = errorOf(query)
    expect(error).toBeInstanceOf(QuerySyntaxError)
    expect(error.message).toBe(`${message}\n\n${`1 | ${query}`.trimEnd()}\n  | ${carets}`)
    expect(error).toMatchObject({ code: 'QUERY_SYNTAX', line: 1, column: carets.indexOf('^') + 1, suggestions })
  })
})

test.each([
  'SELECT distinct, case AS top, "union" FROM coalesce WHERE exists = 1 AND cast > 0 ORDER BY left DESC, fetch LIMIT 1',
  'SELECT top LAST 3',
  'SELECT payload.list."0", [0, 1], payload',
])('what SQL has elsewhere can still be a name: %s', (query) => {
  expect(() => parse(query)).not.toThrow()
})

test('a mistake in a query of several lines is shown with the lines around it', () => {
  const query = "PREDICT vector\n  AT '2030-12-31'\n  FOR ENTITTY 'climate'\n  FROM words"
  const error = errorOf(query)
  expect(error).toMatchObject({ line: 3, column: 7 })
  expect(error.message).toBe(`Expected ENTITY, ENTITIES or EACH ENTITY after FOR; found ENTITTY. Did you mean ENTITY?

2 |   AT '2030-12-31'
3 |   FOR ENTITTY 'climate'
  |       ^^^^^^^
4 |   FROM words`)
})

function errorOf(query: string): Error {
  try {
    parse(query)
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error(`${query} was accepted`)
}
