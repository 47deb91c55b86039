import { Heading } from '../parts/basics';

export default function Storage() {
    return <Heading title="Storage" />;
}
