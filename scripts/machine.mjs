/** What a machine must be to run the project. Pure: the launcher looks, this judges. */

const NODE_MAJOR_MIN = 20;
const NODE_MAJOR_USED = 24;
const INSTALL_BYTES_MIN = 2_000_000_000;
/** Platforms that the embedded ClickHouse engine is made for. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/**
 * @typedef {{ code: string, message: string, remedy: string }} Problem
 *
 * @param {{ platform: string, arch: string, nodeVersion: string, hasGlibc: boolean }} machine
 * @returns {Problem | null}
 */
export function machineProblem({ platform, arch, nodeVersion, hasGlibc }) {
  const nodeMajor = Number.parseInt(nodeVersion, 10);
  if (nodeMajor < NODE_MAJOR_MIN) {
    return {
      code: 'TOLL_SETUP_NODE_OLD',
      message: `This is Node ${nodeVersion}, and the set-up needs Node ${NODE_MAJOR_MIN} or newer.`,
      remedy: `Install Node ${NODE_MAJOR_USED}.`,
    };
  }
  if (platform === 'win32') {
    return {
      code: 'TOLL_SETUP_PLATFORM',
      message: 'The embedded ClickHouse engine does not run on Windows itself.',
      remedy: 'Use WSL2 with Ubuntu.',
    };
  }
  if (!PLATFORMS.includes(`${platform}-${arch}`)) {
    return {
      code: 'TOLL_SETUP_PLATFORM',
      message: `There is no embedded ClickHouse engine for ${platform}-${arch}.`,
      remedy: 'Use Linux on x64 or arm64.',
    };
  }
  if (!hasGlibc) {
    return {
      code: 'TOLL_SETUP_PLATFORM',
      message: 'This Linux has no glibc (Alpine?), which the embedded ClickHouse engine needs.',
      remedy: 'Use a Debian, Ubuntu or Red Hat based system or image.',
    };
  }
  if (platform === 'darwin' && nodeMajor < NODE_MAJOR_USED) {
    return {
      code: 'TOLL_SETUP_NODE_OLD',
      message: `On macOS the project uses the installed Node, and this is ${nodeVersion}.`,
      remedy: `Install Node ${NODE_MAJOR_USED}.`,
    };
  }
  return null;
}

/**
 * @param {string} folder
 * @param {number} freeBytes
 * @returns {Problem | null}
 */
export function diskProblem(folder, freeBytes) {
  if (freeBytes >= INSTALL_BYTES_MIN) return null;
  return {
    code: 'TOLL_SETUP_DISK_FULL',
    message: `The install needs ${gigabytes(INSTALL_BYTES_MIN)} and ${folder} has ${gigabytes(freeBytes)} free.`,
    remedy: 'Free some space, or clone to another disk.',
  };
}

/** @param {number} bytes */
function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
