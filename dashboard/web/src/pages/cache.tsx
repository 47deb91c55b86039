import { Heading } from '../parts/basics';

export default function Cache() {
    return <Heading title="Cache" />;
}
