import { Heading } from '../parts/basics';

export default function Queues() {
    return <Heading title="Queues" />;
}
