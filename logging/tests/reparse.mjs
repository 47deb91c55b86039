// Reads log lines as JavaScript does and compares each with what it says it should hold: see reparse_test.cpp.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'

const hex = (text) => Buffer.from(text, 'utf8').toString('hex')
const bits = (real) => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(real)
  return bytes.toString('hex')
}
const check = (line) => {
  const read = JSON.parse(line)
  assert.deepEqual(Object.keys(read).filter((key) => !/^\d+$/.test(key)).slice(0, 4), ['timestamp', 'level', 'module', 'message'])
  assert.equal(hex(read.text), read.text_hex)
  assert.equal(hex(read.message), read.text_hex)
  assert.equal(read.integer, Number(read.integer_text))
  assert.equal(read.natural, Number(read.natural_text))
  assert.equal(read.real === null ? 'none' : bits(read.real), read.real_bits)
  assert(Object.keys(read).some((key) => hex(key) === read.key_hex))
}

const lines = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(process.argv[2])).split('\n')
assert.equal(lines.pop(), '', 'the last line is not whole')
lines.forEach(check)
console.log(lines.length)
