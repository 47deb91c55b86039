import { Heading } from '../parts/basics';

export default function Traces() {
    return <Heading title="Traces" />;
}
