import { Heading } from '../parts/basics';

export default function Mail() {
    return <Heading title="Mail" />;
}
