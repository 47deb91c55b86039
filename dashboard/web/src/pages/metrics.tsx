import { Heading } from '../parts/basics';

export default function Metrics() {
    return <Heading title="Metrics" />;
}
