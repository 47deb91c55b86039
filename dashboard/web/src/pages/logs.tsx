import { Heading } from '../parts/basics';

export default function Logs() {
    return <Heading title="Logs" />;
}
