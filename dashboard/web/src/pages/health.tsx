import { Heading } from '../parts/basics';

export default function Health() {
    return <Heading title="Health" />;
}
