import { Heading } from '../parts/basics';

export default function Settings() {
    return <Heading title="Settings" />;
}
