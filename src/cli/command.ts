import type { Command } from 'commander'
import type { Terminal } from './terminal.js'

/** What a command is described with: where it reads and writes, and where its exit code goes. */
export interface CommandRun {
  readonly terminal: Terminal
  end(code: number): void
}

/** Each command says its own name, options, help and action, in its own file. */
export type DescribeCommand = (run: CommandRun) => Command

/** Output, colours and exits are settled once, for a command and all below it. */
export function withSettingsOf(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent)
  for (const below of command.commands) withSettingsOf(parent, below)
  return command
}
