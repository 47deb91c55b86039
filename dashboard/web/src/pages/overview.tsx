import { Heading } from '../parts/basics';

export default function Overview() {
    return <Heading title="Overview" />;
}
