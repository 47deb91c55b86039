import { Heading } from '../parts/basics';

export default function Realtime() {
    return <Heading title="Realtime" />;
}
