import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { assignSticky, type GroupMemberState } from './sticky-assignment.ts';

const { AssignerProtocol } = kafkajs;
/** Of what members tell of each other under this name; another form needs another name. */
const NAME = 'tollstream-sticky-1';
const VERSION = 0;

/**
 * The assigners of a member: partitions stay where they are. A member of an older version knows round robin only; while there is one, the
 * group takes that.
 * @param owned partitions that the member works on now, by topic
 */
export function stickyAssigners(owned: () => GroupMemberState['owned']): PartitionAssigner[] {
  const sticky: PartitionAssigner = ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members, topics }) {
      const partitionsOf = new Map(
        topics.toSorted().map((topic) => [
          topic,
          cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .sort((a, b) => a - b),
        ]),
      );
      const states = members.map(({ memberId, memberMetadata }) => ({
        id: memberId,
        owned: ownedOf(memberMetadata),
      }));
      const assignment = assignSticky(partitionsOf, states);
      return Promise.resolve(
        Array.from(assignment, ([memberId, partitions]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment: partitions,
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
  });
  return [sticky, kafkajs.PartitionAssigners.roundRobin];
}

function ownedOf(metadata: Buffer): GroupMemberState['owned'] {
  const { userData } = AssignerProtocol.MemberMetadata.decode(metadata)!;
  return userData.length === 0 ? {} : (JSON.parse(userData.toString()) as GroupMemberState['owned']);
}
