/**
 * Every error code of the project. The reference page `docs/errors.md` is made from this table, and the check fails
 * when a source file uses a code that is not here or the table holds one that nothing uses.
 */
export interface ErrorEntry {
  /** When it is raised, as a sentence. */
  readonly when: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
}

export const ERROR_CODES: Readonly<Record<string, ErrorEntry>> = {
  TOLL_CONFIG_FILE_BROKEN: {
    when: 'The configuration file is no YAML or JSON, or does not hold named settings.',
    remedy: 'Correct the place that the message names.',
  },
  TOLL_CONFIG_FILE_UNREADABLE: {
    when: 'The configuration file does not exist or may not be read.',
    remedy: 'Name an existing file, readable for the user that runs the service.',
  },
  TOLL_CONFIG_INVALID: {
    when: 'Settings are missing, cannot be read, or contradict each other. All of them are listed at once.',
    remedy: 'Correct the values; docs/configuration.md lists every setting.',
  },
  TOLL_HOST_UNKNOWN: {
    when: 'A server should listen on an address that this machine does not have.',
    remedy: 'Use 127.0.0.1 (this machine only) or 0.0.0.0 (every interface).',
  },
  TOLL_OPTION_UNKNOWN: {
    when: 'A command was given an option that it does not have.',
    remedy: 'Run the command with --help.',
  },
  TOLL_PORT_IN_USE: {
    when: 'Another program listens on the port.',
    remedy: 'Stop it, or choose another port with the setting that the message names (0 takes a free one).',
  },
  TOLL_PORT_FORBIDDEN: {
    when: 'This user may not listen on the port.',
    remedy: 'Choose a port from 1024 on.',
  },
  TOLL_SETUP_DISK_FULL: {
    when: 'There is not enough free disk space for the dependencies.',
    remedy: 'Free some space, or clone to another disk.',
  },
  TOLL_SETUP_FOLDER: {
    when: 'The project folder cannot be written.',
    remedy: 'Make the folder writable for the user.',
  },
  TOLL_SETUP_INSTALL_FAILED: {
    when: '`npm ci` failed.',
    remedy: 'Read its last lines; check the network and the registry, then run the same command again.',
  },
  TOLL_SETUP_INSTALL_INCOMPLETE: {
    when: '`npm ci` ended well, and something that is needed is still missing.',
    remedy: 'Run `npm ci --include=optional --include=dev` and read what it says.',
  },
  TOLL_SETUP_INSTALL_LOCKED: {
    when: 'Another install of this folder has been running for more than ten minutes.',
    remedy: 'Delete the lock file that the message names and try again.',
  },
  TOLL_SETUP_NODE_OLD: {
    when: 'The Node that runs is too old, and no Node 24 was found.',
    remedy: 'Run `npm ci --include=optional`, or install Node 24.',
  },
  TOLL_SETUP_NPM_MISSING: {
    when: 'There is no npm to install the dependencies with.',
    remedy: 'Install npm; it comes with Node.',
  },
  TOLL_SETUP_PLATFORM: {
    when: 'The embedded ClickHouse engine does not run on this platform.',
    remedy: 'Use Linux with glibc on x64 or arm64 (on Windows: WSL2), or macOS.',
  },
  TOLL_SETUP_TARGET_UNKNOWN: {
    when: 'The launcher was given a target that it does not know.',
    remedy: 'Use the npm scripts.',
  },
};
